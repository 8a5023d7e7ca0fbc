"""Training a model: the loop, one step of it, its state on disk and the curve it leaves."""
