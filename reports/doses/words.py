"""Factors, doses and gains as the section on doses words them."""

from reports.numbers import signed
from reports.statistics.gain import Estimate

FACTORS = {"scale": "change of scale", "distance": "distance to the reference frame"}


def factor_words(factor: str, *, trained: bool) -> str:
    """As "change of scale (trained at it)" for models that were trained at each dose."""
    return FACTORS.get(factor, factor) + (" (trained at it)" if trained else "")


def at_dose(factor: str, dose: float, *, trained: bool) -> str:
    """As "speed 0.25"."""
    return f"{FACTORS.get(factor, factor)} {dose:g}" + (" (trained at it)" if trained else "")


def interval(one: Estimate, digits: int = 1) -> str:
    """As "−0.4 to +1.0"; "" where nothing is known of the error."""
    return " to ".join(signed(end, digits) for end in one.bounds) if one.bounds else ""


def with_interval(one: Estimate, digits: int = 1) -> str:
    """As "+0.3 (−0.4 to +1.0)"."""
    ends = interval(one, digits)
    return signed(one.mean, digits) + (f" ({ends})" if ends else "")
