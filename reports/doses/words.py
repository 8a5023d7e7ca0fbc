"""Factors and doses as the section on doses words them."""

FACTORS = {"scale": "change of scale", "distance": "distance to the reference frame"}


def factor_words(factor: str, *, trained: bool) -> str:
    """As "change of scale (trained at it)" for models that were trained at each dose."""
    return FACTORS.get(factor, factor) + (" (trained at it)" if trained else "")


def at_dose(factor: str, dose: float, *, trained: bool) -> str:
    """As "speed 0.25"."""
    return f"{FACTORS.get(factor, factor)} {dose:g}" + (" (trained at it)" if trained else "")
