"""What the suite is asked and what it says while it runs."""
