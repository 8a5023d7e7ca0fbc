"""Charts and pictures: drawn where their data are at hand, kept where they are gone."""
