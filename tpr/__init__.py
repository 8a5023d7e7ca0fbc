"""Temporal Pyramid Routing for video instance segmentation: the method and what it plugs into."""
