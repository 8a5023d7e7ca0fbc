"""Checkpoints of others: which are published, what a file is, and reading it without running it."""
