"""Charts and pictures: drawn where their data are available, else the figures drawn earlier are
kept."""
