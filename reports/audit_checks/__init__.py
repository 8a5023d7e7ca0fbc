"""Checks of the published numbers against each other and against our costs."""
