"""What a temporal module does with its reference: how far it aligns, where its gates open."""
