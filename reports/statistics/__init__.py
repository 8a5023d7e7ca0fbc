"""What seeds and validation videos say about a gain: numbers only, nothing of records or pages."""
