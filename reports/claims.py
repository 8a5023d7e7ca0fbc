"""The paper's claims, each a published gain of one run over another, beside what was measured."""

import math
from dataclasses import dataclass

from reports.collect import paired_differences
from reports.manifest import Claim, Table
from reports.records import Record, by_run
from reports.statistics import Interval, mean_interval

SAME, OPPOSITE, OPEN, MISSING = "same sign", "opposite sign", "not resolved", "not run"


@dataclass(frozen=True)
class ClaimResult:
    """A claim and our evidence; differences and intervals are in the metric's percent points."""

    claim: Claim
    table: Table
    differences: dict[int, float]  # by seed
    interval: Interval | None
    video_errors: tuple[float | None, float | None]  # bootstrap standard errors of better and than
    direction: str

    @property
    def one_seed(self) -> bool:
        return len(self.differences) == 1


def judge(table: Table, records: list[Record]) -> list[ClaimResult]:
    """Every claim of a table against comparable records."""
    return [_judge(claim, table, records) for claim in table.claims]


def _judge(claim: Claim, table: Table, records: list[Record]) -> ClaimResult:
    differences = paired_differences(records, claim.better, claim.than, claim.metric)
    interval = mean_interval(list(differences.values()))
    errors = tuple(
        video_error(records, run, set(differences)) for run in (claim.better, claim.than)
    )
    return ClaimResult(
        claim,
        table,
        differences,
        interval,
        errors,
        direction(claim.published_gain, interval),
    )


def direction(published_gain: float, interval: Interval | None) -> str:
    """Whether the interval lies on the published side of zero; one seed resolves nothing."""
    if interval is None:
        return MISSING
    if interval.low is None or interval.low <= 0 <= interval.high:
        return OPEN
    return SAME if interval.mean * published_gain > 0 else OPPOSITE


def video_error(records: list[Record], run: str, seeds: set[int]) -> float | None:
    """Mean over `seeds` of a run's standard error over videos; None where it was not measured."""
    own = by_run(records).get(run, {})
    values = [own[seed].metric("AP_bootstrap_se") for seed in sorted(seeds & own.keys())]
    mean = sum(values) / len(values) if values else math.nan
    return None if math.isnan(mean) else mean


def wording(profile: str, result: ClaimResult) -> str:
    """How the page may put a claim's outcome: a direction, never a verdict on the paper."""
    if profile == "smoke":
        return "meaningless (smoke)"
    if result.direction == MISSING:
        return MISSING
    why = " (one seed)" if result.one_seed else ""
    return f"direction at {profile} scale: {result.direction}{why}"
