"""What runs, tables and profiles may say, and what they say: checked, typed, read once."""
