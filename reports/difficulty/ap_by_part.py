"""AP of the easy and the hard parts of the validation videos, by run: pure functions of records.

Parts are the groups of tpr.evaluation.difficulty, as evaluations record them. A run's gain in a
part is taken over its image model, the run named like it before the first "+", seed by seed.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports.paper.published_tables import Table
from reports.records.run_record import NAN, Record
from reports.statistics import Estimate, estimate, pooled_noise

FRAMES = "frames"  # the grouping that counts frames; all others count videos


@dataclass(frozen=True)
class Part:
    """A group of videos or frames that all runs share; bounds are NaN for named groups."""

    grouping: str
    name: str
    size: int
    low: float
    high: float


Aps = dict[str, dict[int, float]]  # run -> seed -> AP in percent


def parts(records: list[Record]) -> dict[Part, Aps]:
    """AP by part, run and seed, for the records that know the same parts as the latest of them."""
    knowing = [record for record in records if record.evaluate["metrics"].get("difficulty")]
    if not knowing:
        return {}
    latest = max(knowing, key=lambda record: str(record.evaluate.get("finished", "")))
    wanted = list(_own(latest))
    found: dict[Part, Aps] = {part: {} for part in wanted}
    for record in knowing:
        own = _own(record)
        if list(own) == wanted:
            for part, ap in own.items():
                found[part].setdefault(record.run, {})[record.seed] = ap
    return found


def _own(record: Record) -> dict[Part, float]:
    return {
        Part(grouping, one["name"], one["size"], one.get("low"), one.get("high")): (
            NAN if one["AP"] is None else float(one["AP"])
        )
        for grouping, groups in record.evaluate["metrics"]["difficulty"].items()
        for one in groups
    }


def image_model(run: str, runs: dict) -> str | None:
    """The run that has the same image model and no temporal module, None if it is not there."""
    base = run.split("+")[0]
    return base if base != run and base in runs else None


def gains(aps: Aps, better: str, than: str) -> list[float]:
    """Differences at the seeds that both runs have, without undefined ones."""
    shared = sorted(aps.get(better, {}).keys() & aps.get(than, {}).keys())
    return [gap for seed in shared if np.isfinite(gap := aps[better][seed] - aps[than][seed])]


def gain_over_seeds(aps: Aps, better: str, than: str) -> Estimate | None:
    """A part's gain with its interval over seeds; there are no draws of videos for parts."""
    own = gains(aps, better, than)
    return estimate(own, None, 0, pooled_noise(_spreads(aps), [])) if own else None


def _spreads(aps: Aps) -> list[list[float]]:
    return [[ap for ap in seeds.values() if np.isfinite(ap)] for seeds in aps.values()]


def headline_pairs(tables: list[Table]) -> list[tuple[str, str]]:
    """(better, than) of the claim with the largest published AP gain over each image model."""
    best: dict[str, tuple[float, str]] = {}
    for claim in (claim for table in tables for claim in table.claims):
        if claim.metric == "AP" and "+" not in claim.than:
            found = (claim.published_gain, claim.better)
            best[claim.than] = max(best.get(claim.than, (0.0, "")), found)
    return [(better, than) for than, (gain, better) in best.items() if gain > 0]


def difficulty_frame(found: dict[Part, Aps]) -> pd.DataFrame:
    """A row a run and part: mean AP over seeds, its sample deviation, and the gain."""
    rows = [
        _row(part, aps, run, image_model(run, aps)) for part, aps in found.items() for run in aps
    ]
    return pd.DataFrame(rows).round(6)


def _row(part: Part, aps: Aps, run: str, base: str | None) -> dict:
    own = [ap for ap in aps[run].values() if np.isfinite(ap)]
    gaps = gains(aps, run, base) if base else []
    return {
        "run": run,
        **part.__dict__,
        "AP": float(np.mean(own)) if own else NAN,
        "AP_std": float(np.std(own, ddof=1)) if len(own) > 1 else NAN,
        "seeds": len(own),
        "gain": float(np.mean(gaps)) if gaps else NAN,
        "gain_over": base,
    }
