"""Finished pages read: what they show, whatever their markup."""
