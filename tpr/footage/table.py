"""Statistics as a table of text."""

from __future__ import annotations

from collections.abc import Sequence

from tpr.footage.measures import MEASURES
from tpr.footage.statistics import PERCENTILES, Statistics, Summary
from tpr.terminal import printable, several


def as_text(found: Sequence[Statistics]) -> str:
    """A row a measure, two columns a file: its quartiles and 90th percentile, and its mean."""
    heads = [f"{printable(one['file'])}: {scope(one)}" for one in found]
    numbers = [f"({i}) " for i in range(1, len(found) + 1)] if len(found) > 1 else [""]
    lines = [f"{n}{head}" for n, head in zip(numbers, heads, strict=True)]
    columns = " ".join(map(str, PERCENTILES))
    rows = [["", *(text for n in numbers for text in (f"{n}{columns}", "mean"))]]
    for name, label in MEASURES.items():
        summaries = [one["measures"][name] for one in found]
        rows.append([label, *(text for s in summaries for text in cells(s))])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = [row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def scope(one: Statistics) -> str:
    """What was looked at, and how."""
    pairs = one["measures"]["centred_iou"]["count"]
    every = f", each {one['every']}th frame" if one["every"] > 1 else ""
    bounds = " ".join(f"{bound:g}" for bound in one["ranges"])
    return (
        f"{several(one['videos'], 'video')}, {several(one['tracks'], 'track')}, "
        f"{several(pairs, 'pair')} of frames{every}; "
        f"short edge {one['short_edge']}, levels up to {bounds}"
    )


def cells(one: Summary) -> tuple[str, str]:
    if one["quartiles"] is None:
        return "-", "-"
    return " ".join(map(short, one["quartiles"])), short(one["mean"] or 0.0)


def short(value: float) -> str:
    """Two significant digits and at most two decimals, without a leading zero: .05, 1.5, 48."""
    text = f"{value:.2f}" if value < 0.995 else f"{value:.1f}" if value < 9.95 else f"{value:.0f}"
    return text.removeprefix("0") if value < 0.995 else text
