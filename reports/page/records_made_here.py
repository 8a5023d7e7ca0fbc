"""The page's section on records made here, each beside the shipped one of its run and seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.claims.judging import ClaimResult
from reports.claims.readings import seed_names
from reports.numbers import number, signed
from reports.records.pool import Pool, settings
from reports.records.run_record import Record, paired_differences


@dataclass(frozen=True)
class RepeatRow:
    """AP of a record made here, and of the shipped one."""

    run: str
    seed: str
    here: str
    shipped: str
    difference: str
    note: str


@dataclass(frozen=True)
class RepeatedClaim:
    """A claim's gain by the records made here alone, and whether the shown interval holds it."""

    name: str
    where: str
    here: str
    shown: str
    inside: str


@dataclass(frozen=True)
class MadeHere:
    summary: str
    rows: list[RepeatRow]
    claims: list[RepeatedClaim]


def made_here(pool: Pool, claims: Sequence[ClaimResult]) -> MadeHere | None:
    """None where no record was made here."""
    if not pool.made_here:
        return None
    shipped = {(one.run, one.seed): one for one in pool.shipped}
    pairs = [(one, shipped.get((one.run, one.seed))) for one in pool.made_here]
    same = [(a, b) for a, b in pairs if b is not None and settings(a) == settings(b)]
    rows = [_row(here, there) for here, there in pairs]
    repeated = [row for row in (_claim_row(pool, one) for one in claims) if row]
    return MadeHere(_summary(pool, same), rows, repeated)


def _summary(pool: Pool, same: list[tuple[Record, Record]]) -> str:
    """same: records made here with the shipped ones that they repeat."""
    line = (
        f"{len(pool.shipped)} records ship with the repository, {len(pool.made_here)} were made "
        "here."
    )
    if not same:
        return f"{line} None of these has the run, seed and settings of a shipped one."
    gaps = [abs(here.metric("AP") - shipped.metric("AP")) for here, shipped in same]
    line += (
        f" {len(same)} repeat a shipped one with the same settings and seed: AP is "
        f"{number(float(np.mean(gaps)), 2)} apart on average, {number(max(gaps), 2)} at most."
    )
    spread = _spread_over_seeds(pool.shipped)
    if spread is None:
        return line
    return (
        f"{line} Another seed changes AP by {number(spread, 2)} (standard deviation, the median of "
        "the shipped runs)."
    )


def _spread_over_seeds(records: Sequence[Record]) -> float | None:
    """Of AP, the median over runs; None where no run has two seeds."""
    runs: dict[tuple[str, ...], list[float]] = {}
    for record in records:
        runs.setdefault(settings(record), []).append(record.metric("AP"))
    spreads = [np.std(seeds, ddof=1) for seeds in runs.values() if len(seeds) > 1]
    return float(np.median(spreads)) if spreads else None


def _row(here: Record, shipped: Record | None) -> RepeatRow:
    gap, note = None, "this run and seed does not ship"
    if shipped is not None:
        note = "other settings or data: not comparable"
        if settings(here) == settings(shipped):
            gap = here.metric("AP") - shipped.metric("AP")
            equal = here.metrics.get("AP") == shipped.metrics.get("AP")
            note = "the same to the last digit" if equal else "same settings and seed"
    return RepeatRow(
        run=here.run,
        seed=str(here.seed),
        here=number(here.metric("AP"), 2),
        shipped=number(shipped.metric("AP") if shipped else None, 2),
        difference=signed(gap, 2),
        note=note,
    )


def _claim_row(pool: Pool, result: ClaimResult) -> RepeatedClaim | None:
    """None where no gain of the claim was measured here."""
    claim, found = result.claim, result.estimate
    gains = paired_differences(pool.made_here, claim.better, claim.than, claim.compared)
    if not gains or found is None:
        return None
    mean = float(np.mean(list(gains.values())))
    inside = "no interval"
    if found.bounds is not None:
        inside = "yes" if found.bounds[0] <= mean <= found.bounds[1] else "no"
    return RepeatedClaim(
        name=claim.name,
        where=result.table.paper,
        here=f"{signed(mean)} ({seed_names(list(gains))})",
        shown=f"{signed(found.mean)} ({seed_names(list(result.differences))})",
        inside=inside,
    )
