"""An evaluation's numbers made again from the matches that it kept."""
