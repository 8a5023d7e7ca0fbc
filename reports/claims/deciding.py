"""How many seeds and videos would decide the open claims, as cells of text."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.claims.judging import ClaimResult
from reports.claims.verdicts import INCONCLUSIVE, SIZE
from reports.numbers import NOTHING, number, signed
from reports.statistics.designs import DESIGNS, chances

COLUMNS = [f"{one.seeds} × {one.videos}" for one in DESIGNS]


@dataclass(frozen=True)
class DecidingRow:
    """cells: for each design, the chance that the gain is found if it is as published, and the
    chance that half of it is denied if it is zero; both at the strictest step of Holm's correction.
    """

    name: str
    where: str
    published: str
    cells: list[str]


def deciding_rows(results: Sequence[ClaimResult]) -> list[DecidingRow]:
    """A row for each comparison that is not resolved, has known variances and a published gain."""
    return [
        DecidingRow(one.claim.name, one.table.paper, signed(one.claim.gain), _cells(one))
        for one in results
        if one.verdict.word == INCONCLUSIVE and one.first is None and one.tested
        if one.claim.gain
    ]


def _cells(one: ClaimResult) -> list[str]:
    found, seeds, videos = one.estimate, len(one.differences), one.pairs.videos
    if found is None or not videos:
        return [NOTHING] * len(DESIGNS)
    strictest = SIZE / one.tested
    each = (chances(found, seeds, videos, one.claim.gain, design, strictest) for design in DESIGNS)
    return [f"{number(c.found, 2)} / {number(c.denied, 2)}" if c else NOTHING for c in each]
