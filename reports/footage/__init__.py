"""How much a profile's videos move, beside recorded footage."""
