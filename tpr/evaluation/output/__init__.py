"""What `tpr-evaluate` tells: one report as text, JSON, a page, a plot and a table of videos."""
