"""Measures what a temporal module does with its reference: how far it aligns, and where its gates
open."""
