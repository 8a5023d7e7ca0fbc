"""Parameters and multiply-accumulates of the full-size models, beside the published ones."""
