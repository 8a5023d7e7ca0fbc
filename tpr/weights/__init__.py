"""Public checkpoints: which are published, what a file is, and reading it without running its
code."""
