"""Costs of the full-size models beside the published ones: pure functions of costs and records."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from collections.abc import Sequence
from typing import Any

import pandas as pd

from reports.paper.transcription import Cells, Paper
from reports.records.run_record import NAN, Record, by_run, mean_metric
from tpr.cost import conventions
from tpr.cost.conventions import Cost

GIGA, MEGA = 1e9, 1e6
TOTALS = {"published": conventions.published, "executed": conventions.executed}
TABLES = ("1f", "1c", "1d")  # the paper gives no costs for 1(d)
Costs = dict[str, Cost]  # by run, see tpr.cost.model.measure
Shares = dict[str, dict[str, float]]  # "all" or level: {min, mean, max}


def open_shares(records: Sequence[Record], run: str) -> Shares | None:
    """How much of the gated work the run's gates let through, over all validation frames and
    seeds; None if not recorded."""
    seeds = by_run(records).get(run, {}).values()
    found: list[Shares | None] = [one.metrics.get("open_fraction_by_level") for one in seeds]
    recorded = [one for one in found if one]
    if not recorded:
        return None
    return {level: _over_seeds([one[level] for one in recorded]) for level in recorded[0]}


def _over_seeds(spreads: list[dict[str, float]]) -> dict[str, float]:
    return {
        "min": min(one["min"] for one in spreads),
        "mean": sum(one["mean"] for one in spreads) / len(spreads),
        "max": max(one["max"] for one in spreads),
    }


def mean_shares(cost: Cost, shares: Shares) -> dict[str, float]:
    """Mean open share of each gated level; levels without one of their own have that of all."""
    return {level: shares.get(level, shares["all"])["mean"] for level in cost["gated"]}


def cost_frame(paper: Paper, table: str, costs: Costs, records: Sequence[Record]) -> pd.DataFrame:
    """A cost table: a row for every row of the paper's, in G and M; NaN is unknown; AP in percent.

    A row that the paper gives as a difference (`to`) is the difference to our run of that row;
    other rows are whole models. Each convention has the columns closed, min, mean, max and open:
    all gates closed, the shares that trained gates open (from the profile's records), all open.
    """
    rows = paper.rows(table).values()
    return pd.DataFrame([_row(paper, table, cells, costs, records) for cells in rows]).round(6)


def _row(
    paper: Paper, table: str, cells: Cells, costs: Costs, records: Sequence[Record]
) -> dict[str, Any]:
    start = paper.row(table, cells["to"]) if "to" in cells else None
    named = {k.removeprefix("added_"): v for k, v in cells.items()}
    seeds = by_run(records).get(cells["run"], {})
    out: dict[str, Any] = {
        "row": cells["label"],
        "run": cells["run"],
        "over": start["run"] if start else None,
        "paper_AP": cells["AP"],
        "AP": mean_metric([*seeds.values()], "AP"),
        **{f"paper_{n}": named.get(n, NAN) for n in ("params", *_gflops(paper, table))},
    }
    runs: list[str] = [cells["run"]] + ([start["run"]] if start else [])
    if any(run not in costs for run in runs):
        return out | {"status": "not run"}
    parameters = [conventions.parameters(costs[run]) / MEGA for run in runs]
    out["params"] = parameters[0] - sum(parameters[1:])
    for convention in TOTALS:
        for name, value in _by_gates(convention, runs, costs, records).items():
            out[f"{convention}_{name}"] = value
    return out | {"status": "measured"}


def _gflops(paper: Paper, table: str) -> list[str]:
    """Names of the cost columns that the paper's table has."""
    names = (n.removeprefix("added_") for cells in paper.rows(table).values() for n in cells)
    return list(dict.fromkeys(name for name in names if name.startswith("GFLOPs")))


def _by_gates(
    convention: str, runs: list[str], costs: Costs, records: Sequence[Record]
) -> dict[str, float]:
    """GFLOPs of a run, or its difference to a second one, for gates closed ... open."""
    of = [gflops_by_gates(convention, costs[run], open_shares(records, run)) for run in runs]
    return {name: value - (of[1][name] if len(of) > 1 else 0) for name, value in of[0].items()}


def gflops_by_gates(convention: str, cost: Cost, shares: Shares | None) -> dict[str, float]:
    """GFLOPs by state of the gates; min and max use the extreme frames' share for all levels, mean
    each level's own."""
    total = TOTALS[convention]
    out = {"closed": total(cost, 0.0) / GIGA, "open": total(cost, 1.0) / GIGA}
    if not cost["gated"]:
        return dict.fromkeys(("closed", "min", "mean", "max", "open"), out["open"])
    if shares is None:
        return out | dict.fromkeys(("min", "mean", "max"), NAN)
    return out | {
        "min": total(cost, shares["all"]["min"]) / GIGA,
        "mean": total(cost, mean_shares(cost, shares)) / GIGA,
        "max": total(cost, shares["all"]["max"]) / GIGA,
    }


def parts_frame(cost: Cost) -> pd.DataFrame:
    """Parameters (M) and multiply-accumulates (G, gates open, both conventions) by part."""
    executed, published = conventions.executed_by_part(cost), conventions.published_by_part(cost)
    parts = dict.fromkeys([*cost["params"], *executed])
    rows = [
        {
            "part": part.replace(f"{conventions.TEMPORAL}.", "").replace("_", " "),
            "temporal": conventions.is_temporal(part),
            "params": cost["params"].get(part, 0) / MEGA,
            "executed": executed.get(part, 0) / GIGA,
            "published": published.get(part, 0) / GIGA,
        }
        for part in parts
    ]
    return pd.DataFrame(rows)
