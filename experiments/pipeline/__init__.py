"""Which stages a run goes through, and what each of them computes."""
