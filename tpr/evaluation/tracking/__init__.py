"""HOTA and IDF1: how well objects are found and kept apart, frame by frame."""
