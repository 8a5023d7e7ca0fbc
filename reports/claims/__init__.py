"""What the records say of the paper's claims: gains, intervals, verdicts."""
