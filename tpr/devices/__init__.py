"""Limits of a machine and its GPU, and what a record says about both."""
