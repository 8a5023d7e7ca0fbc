"""Pictures and videos of any origin: the one way in, and the way out."""
