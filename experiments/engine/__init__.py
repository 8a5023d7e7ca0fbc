"""Plans stages and runs them, here or in Slurm, whatever ends in between."""
