"""AP of the easy and the hard parts of the validation videos, by run: pure functions of records.

Parts are the groups of tpr.evaluation.difficulty, as evaluations record them. A run's gain in a
part is taken over its image model, the run named like it before the first "+", seed by seed.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from experiments.declared.tables import Table
from reports.records.main_modules import TPR
from reports.records.run_record import NAN, Record
from reports.statistics.gain import Estimate, estimate

FRAMES = "frames"  # the grouping that counts frames; all others count videos


@dataclass(frozen=True)
class Part:
    """A group of videos or frames that all runs share, and the amounts it ranges over.

    low, high: the least and the greatest amount of what the grouping measures; None for groups that
    have a name only.
    """

    grouping: str
    name: str
    size: int
    low: float | None
    high: float | None


SeedAps = dict[str, dict[int, float]]  # run -> seed -> AP in percent
PartAps = dict[Part, SeedAps]


def aps_by_part(records: Sequence[Record]) -> PartAps:
    """AP by part, run and seed, for the records that know the same parts as the latest of them."""
    knowing = [record for record in records if record.metrics.get("difficulty")]
    if not knowing:
        return {}
    latest = max(knowing, key=lambda record: record.finished)
    wanted = list(_recorded(latest))
    found: PartAps = {part: {} for part in wanted}
    for record in knowing:
        aps = _recorded(record)
        if list(aps) == wanted:
            for part, ap in aps.items():
                found[part].setdefault(record.run, {})[record.seed] = ap
    return found


def _recorded(record: Record) -> dict[Part, float]:
    """A record's AP by part, in percent; NaN where undefined."""
    return {
        Part(grouping, one["name"], one["size"], one.get("low"), one.get("high")): (
            NAN if one["AP"] is None else float(one["AP"])
        )
        for grouping, groups in record.metrics["difficulty"].items()
        for one in groups
    }


def image_model(run: str, runs: Collection[str]) -> str | None:
    """The run that has the same image model and no temporal module, None if it is not there."""
    base = run.split("+")[0]
    return base if base != run and base in runs else None


def gains(aps: SeedAps, better: str, than: str) -> list[float]:
    """Differences at the seeds that both runs have, without undefined ones."""
    shared = sorted(aps.get(better, {}).keys() & aps.get(than, {}).keys())
    return [gap for seed in shared if np.isfinite(gap := aps[better][seed] - aps[than][seed])]


def gain_over_seeds(aps: SeedAps, better: str, than: str) -> Estimate | None:
    """A part's gain with its interval over seeds; there are no draws of videos for parts."""
    found = gains(aps, better, than)
    return estimate(found, None, 0) if found else None


def headline_pairs(tables: Sequence[Table]) -> list[tuple[str, str]]:
    """(better, than) for each image model: TPR over it where a table shows both, else what the
    claim with the largest published gain in AP compares, or one that expects more."""
    best: dict[str, tuple[float, str]] = {}
    for claim in (claim for table in tables for claim in table.claims):
        expected = claim.gain > 0 or claim.expects == "more"
        if claim.compared == "AP" and "+" not in claim.than and expected:
            found = (claim.gain, claim.better)
            best[claim.than] = max(best.get(claim.than, found), found)
    runs = {row.run for table in tables for row in table.rows}
    return [
        (than + TPR if {than, than + TPR} <= runs else better, than)
        for than, (_, better) in best.items()
    ]


def difficulty_frame(found: PartAps) -> pd.DataFrame:
    """A row for each run and part: mean AP over seeds, its sample deviation, and the gain."""
    rows = [
        _row(part, aps, run, image_model(run, aps)) for part, aps in found.items() for run in aps
    ]
    return pd.DataFrame(rows).round(6)


def _row(part: Part, aps: SeedAps, run: str, base: str | None) -> dict[str, Any]:
    defined = [ap for ap in aps[run].values() if np.isfinite(ap)]
    gaps = gains(aps, run, base) if base else []
    return {
        "run": run,
        **vars(part),
        "AP": float(np.mean(defined)) if defined else NAN,
        "AP_std": float(np.std(defined, ddof=1)) if len(defined) > 1 else NAN,
        "seeds": len(defined),
        "gain": float(np.mean(gaps)) if gaps else NAN,
        "gain_over": base,
    }
