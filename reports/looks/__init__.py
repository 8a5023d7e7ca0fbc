"""A profile's declared plan applied: what each look at the results decides."""
