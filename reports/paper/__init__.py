"""What the paper prints: its tables, its claims and its sentences."""
