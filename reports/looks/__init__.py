"""A profile's declared plan, followed: what each look at the results decides."""
