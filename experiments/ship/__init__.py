"""What leaves the runs folder: results, the page, weights and records that ship."""
