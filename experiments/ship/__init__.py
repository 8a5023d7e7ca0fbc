"""What is published: results, the page, weights and records that ship with the repository."""
