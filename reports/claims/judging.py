"""The paper's claims, each a published gain of one run over another, beside what was measured."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from reports.claims.verdicts import Verdict, verdict
from reports.paper.published_tables import Claim, Table
from reports.records.comparable import run_identity, shared_identity
from reports.records.run_record import Record, by_run, paired_differences
from reports.statistics import (
    Estimate,
    Noise,
    estimate,
    holm,
    one_sided_p,
    pooled_noise,
    seeds_needed,
)


@dataclass(frozen=True)
class ClaimResult:
    """A claim and our evidence; differences and intervals are in the metric's percent points."""

    claim: Claim
    table: Table
    differences: dict[int, float]  # by seed
    estimate: Estimate | None  # None: no seed has run
    verdict: Verdict
    p: float | None = None  # one-sided, in the published direction
    p_holm: float | None = None  # the same, adjusted for all claims of the table that have run
    tested: int = 0  # how many those are
    seeds_needed: int | None = None  # to see the published gain; None: no number is enough
    videos: int = 0


def judge_all(chosen: Iterable[tuple[Table, list[Record]]]) -> list[ClaimResult]:
    """Every claim of every table against the table's comparable records.

    The spread over seeds is pooled over all these records, whatever table they stand in.
    """
    pairs = list(chosen)
    used = list({record.name: record for _, records in pairs for record in records}.values())
    metrics = {claim.metric for table, _ in pairs for claim in table.claims}
    noises = {metric: noise_of(used, metric) for metric in sorted(metrics)}
    return [result for table, records in pairs for result in judge(table, records, noises)]


def judge(
    table: Table, records: list[Record], noises: dict[str, Noise | None]
) -> list[ClaimResult]:
    """Every claim of a table, Holm's adjustment over all of them; ``noises`` by metric."""
    results = [_judge(claim, table, records, noises[claim.metric]) for claim in table.claims]
    tested = [place for place, result in enumerate(results) if result.p is not None]
    adjusted = holm([results[place].p for place in tested])
    for place, p_holm in zip(tested, adjusted, strict=True):
        results[place] = replace(results[place], p_holm=p_holm, tested=len(tested))
    return results


def noise_of(records: list[Record], metric: str) -> Noise | None:
    """A metric's noise pooled over runs; only seeds of one specification on the same data differ
    by luck alone."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        same = json.dumps([record.run, shared_identity(record), run_identity(record)])
        groups.setdefault(same, []).append(record)
    values = [_finite([one.metric(metric) for one in own]) for own in groups.values()]
    draws = [_draws(own, metric) for own in groups.values()]
    return pooled_noise(values, [own for own in draws if own is not None])


def _finite(values: list[float]) -> list[float]:
    return [value for value in values if np.isfinite(value)]


def _draws(records: list[Record], metric: str) -> np.ndarray | None:
    """(n, B) draws of records, None unless all have them for the metric, without undefined ones."""
    found = [record.draws(metric) for record in records]
    if not found or any(one is None or len(one) != len(found[0]) for one in found):
        return None
    defined = np.isfinite(found).all(axis=0)
    return np.stack(found)[:, defined] if defined.sum() > 1 else None


def _judge(claim: Claim, table: Table, records: list[Record], noise: Noise | None) -> ClaimResult:
    differences = paired_differences(records, claim.better, claim.than, claim.metric)
    if not differences:
        return ClaimResult(claim, table, {}, None, verdict(claim.published_gain, None))
    own = by_run(records)
    sides = [[own[run][seed] for seed in differences] for run in (claim.better, claim.than)]
    draws = _draws([*sides[0], *sides[1]], claim.metric)
    paired = None if draws is None else draws[: len(differences)] - draws[len(differences) :]
    videos = int(sides[0][0].evaluate["metrics"].get("videos") or 0)
    found = estimate(list(differences.values()), paired, videos, noise)
    judged = verdict(claim.published_gain, found)
    # without a spread over seeds an interval says nothing of other seeds: no test
    p = one_sided_p(found, claim.published_gain) if noise else None
    needed = _needed(claim, found, noise)
    return ClaimResult(
        claim, table, differences, found, judged, p, seeds_needed=needed, videos=videos
    )


def _needed(claim: Claim, found: Estimate, noise: Noise | None) -> int | None:
    if noise is None:
        return None
    return seeds_needed(claim.published_gain, noise.seed, found.video_variance or 0.0)
