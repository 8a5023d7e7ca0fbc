"""The stage: its key, its folder, its outputs and its expected duration."""
