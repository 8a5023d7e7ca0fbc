"""What pages should print, from records and manifests: tables and values of sentences."""
