"""The paper's claims, each a published gain of one run over another, beside what was measured."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from experiments.declared.tables import Claim, Table
from reports.claims.verdicts import Verdict, verdict
from reports.records.comparable import run_identity, shared_identity
from reports.records.run_record import Record, by_run, paired_differences
from reports.statistics import (
    Array,
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
    tested = {place: one.p for place, one in enumerate(results) if one.p is not None}
    adjusted = holm(list(tested.values()))
    for place, p_holm in zip(tested, adjusted, strict=True):
        results[place] = replace(results[place], p_holm=p_holm, tested=len(tested))
    return results


def noise_of(records: Sequence[Record], metric: str) -> Noise | None:
    """A metric's noise between seeds, pooled over runs; None where no run has two seeds.

    Records are of one group only if they have one specification and the same data: whatever else
    differs between them is chance.
    """
    groups: dict[str, list[Record]] = {}
    for record in records:
        same = json.dumps([record.run, shared_identity(record), run_identity(record)])
        groups.setdefault(same, []).append(record)
    values = [_finite([one.metric(metric) for one in group]) for group in groups.values()]
    draws = [_draws(group, metric) for group in groups.values()]
    return pooled_noise(values, [one for one in draws if one is not None])


def _finite(values: list[float]) -> list[float]:
    return [value for value in values if np.isfinite(value)]


def _draws(records: list[Record], metric: str) -> Array | None:
    """(n, B) draws of n records, those left out that are undefined for any of them.

    None unless every record has draws of the metric, equally many.
    """
    found = [one for record in records if (one := record.draws(metric)) is not None]
    if not found or len(found) < len(records) or any(len(one) != len(found[0]) for one in found):
        return None
    defined = np.isfinite(found).all(axis=0)
    return np.stack(found)[:, defined] if defined.sum() > 1 else None


def _judge(claim: Claim, table: Table, records: list[Record], noise: Noise | None) -> ClaimResult:
    differences = paired_differences(records, claim.better, claim.than, claim.metric)
    if not differences:
        return ClaimResult(claim, table, {}, None, verdict(claim.published_gain, None))
    runs = by_run(records)
    better, than = ([runs[run][seed] for seed in differences] for run in (claim.better, claim.than))
    draws = _draws([*better, *than], claim.metric)
    paired = None if draws is None else draws[: len(differences)] - draws[len(differences) :]
    found = estimate(list(differences.values()), paired, better[0].videos, noise)
    return ClaimResult(
        claim,
        table,
        differences,
        found,
        verdict(claim.published_gain, found),
        # without a spread over seeds an interval says nothing of other seeds: no test
        p=one_sided_p(found, claim.published_gain) if noise else None,
        seeds_needed=_needed(claim, found, noise),
        videos=better[0].videos,
    )


def _needed(claim: Claim, found: Estimate, noise: Noise | None) -> int | None:
    if noise is None:
        return None
    return seeds_needed(claim.published_gain, noise.seed, found.video_variance or 0.0)
