"""What a check of a data set found, told by kind, number and place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

SHOWN = 5  # places of a kind that a report names

# kind -> whether a data set with it can be used all the same
HARMLESS = {
    "broken record": False,
    "no annotations": False,
    "broken mask": False,
    "missing frame": False,
    "frame of another size": False,
    "broken frame": False,
    "absent frame (null in file_names)": True,
    "frame outside, behind a link": True,
    "mask on an absent frame": True,
    "mask without pixels": True,
    "track without a mask": True,
    "video without tracks": True,
}


class Finding(NamedTuple):
    """kind: one of HARMLESS; where: the place and what is wrong, one line."""

    kind: str
    where: str


class BrokenDataError(ValueError):
    """A data set that cannot be used; `findings` are all that its check found."""

    def __init__(self, name: str, findings: list[Finding]) -> None:
        self.findings = findings
        counts = ", ".join(f"{n} x {kind}" for kind, n in counted(findings, harmless=False).items())
        super().__init__(f"{name} cannot be used: {counts}")


def counted(findings: Iterable[Finding], *, harmless: bool) -> dict[str, int]:
    """Number of findings of each kind, in the order of HARMLESS."""
    kinds = [finding.kind for finding in findings]
    return {k: n for k, fine in HARMLESS.items() if fine == harmless and (n := kinds.count(k))}


def report(findings: Iterable[Finding], shown: int | None = SHOWN) -> list[str]:
    """Lines for people: each kind with its number and first places (None: all), problems first."""
    places: dict[str, list[str]] = defaultdict(list)
    for finding in findings:
        places[finding.kind].append(finding.where)
    lines = []
    for kind in sorted(places, key=list(HARMLESS).index):
        word = "note" if HARMLESS[kind] else "PROBLEM"
        lines.append(f"{word}: {kind}: {len(places[kind])}")
        lines += [f"  {where}" for where in places[kind][:shown]]
        if shown is not None and len(places[kind]) > shown:
            lines.append(f"  and {len(places[kind]) - shown} more")
    return lines
