"""Means with their intervals as text, and on which side of zero an interval lies."""

from typing import Protocol

from reports.numbers import signed


class Bounded(Protocol):
    """bounds: the interval; None where nothing is known of the error."""

    @property
    def mean(self) -> float: ...
    @property
    def bounds(self) -> tuple[float, float] | None: ...


def interval(one: Bounded | None, digits: int = 1) -> str:
    """As "−0.4 to +1.0"; "" where nothing is known of the error."""
    ends = one.bounds if one else None
    return " to ".join(signed(end, digits) for end in ends) if ends else ""


def with_interval(one: Bounded, digits: int = 1) -> str:
    """As "+0.3 (−0.4 to +1.0)"."""
    ends = interval(one, digits)
    return signed(one.mean, digits) + (f" ({ends})" if ends else "")


def leaning(one: Bounded) -> int:
    """-1 or 1 where the interval lies below or above zero, else 0."""
    low, high = one.bounds or (0.0, 0.0)
    return -1 if high < 0 else 1 if low > 0 else 0
