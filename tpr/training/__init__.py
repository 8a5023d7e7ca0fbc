"""Training a model: the loop, one step of it, its checkpoints and the curve that it records."""
