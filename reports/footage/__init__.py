"""How much a profile's videos move, compared with recorded footage."""
