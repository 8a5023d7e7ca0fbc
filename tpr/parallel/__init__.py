"""One training or inference by several processes: who does which part, and what they exchange."""
