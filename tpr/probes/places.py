"""Places of a frame that gates are told apart by."""

PLACES = ("moving", "still", "hidden before", "degraded frame", "background")
STILL_BELOW = 0.5  # cells of P3 a frame
