"""Where stages run. A launcher starts a stage's worker and returns a handle on it."""
