"""What to run (manifests), and what runs it: stages with content keys, a runner, launchers."""
