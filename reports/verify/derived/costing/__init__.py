"""Costs and speed: what the tables and sentences on them must say."""
