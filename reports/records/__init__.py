"""Which records of runs there are, and which of them may stand side by side."""
