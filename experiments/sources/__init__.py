"""Which definitions of the repository a function depends on, and a digest of them."""
