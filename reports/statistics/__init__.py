"""What seeds and validation videos say about a gain: functions of numbers, without records or
pages."""
