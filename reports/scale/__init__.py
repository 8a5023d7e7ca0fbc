"""Gain against scale: a plane over width and training videos, and how well it foretold."""
