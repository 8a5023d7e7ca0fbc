"""One training or inference by several processes: how they share the work, and what they
exchange."""
