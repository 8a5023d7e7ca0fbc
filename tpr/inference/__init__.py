"""A trained model on videos, frame by frame: where a frame becomes part of a track."""
