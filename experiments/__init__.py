"""The suite: what is declared (manifests, declared), how it runs, what it ships and prints."""
