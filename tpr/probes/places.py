"""The places of a frame for which gates are reported separately."""

PLACES = ("moving", "still", "hidden before", "degraded frame", "background")
STILL_BELOW = 0.5  # cells of P3 a frame
