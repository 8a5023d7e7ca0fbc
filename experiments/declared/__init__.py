"""The schema of manifests and their content: read once, checked and typed."""
