"""All records and tables of a profile, loaded and computed once."""
