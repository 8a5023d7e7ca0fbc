"""Recomputes what the finished pages print, from records and manifests alone: imports nothing of
reports/, and of tpr nothing that computes a number."""
