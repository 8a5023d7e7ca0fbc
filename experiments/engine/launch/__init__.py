"""Launchers: each starts the workers of stages somewhere and returns a handle on them."""
