"""Reading and generating data."""
