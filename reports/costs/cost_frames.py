"""Costs of the full-size models beside the published ones: pure functions of costs and records."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from experiments.costs import current
from experiments.layout import Layout
from experiments.manifest import load_manifests
from reports.paper.transcription import Paper
from reports.records.run_record import NAN, Record, by_run
from tpr.cost import conventions

GIGA, MEGA = 1e9, 1e6
CONVENTIONS = ("published", "executed")
TABLES = ("1f", "1c", "1d")  # of 1(d) the paper gives no costs
Costs = dict[str, dict[str, Any]]  # by run, see tpr.cost.model.measure
Shares = dict[str, dict[str, float]]  # "all" or level: {min, mean, max}


def load_costs(layout: Layout) -> tuple[Costs, list[str]]:
    """Measured costs by run, and lines on runs whose costs are missing or of other settings."""
    if not layout.costs.is_file():
        return {}, []
    return current(load_manifests(layout.manifests), layout)


def open_shares(records: Sequence[Record], run: str) -> Shares | None:
    """What the run's gates did over all validation frames and seeds; None if not recorded."""
    own = by_run(list(records)).get(run, {}).values()
    found = [record.evaluate["metrics"].get("open_fraction_by_level") for record in own]
    found = [one for one in found if one]
    if not found:
        return None
    return {level: _over_seeds([one[level] for one in found]) for level in found[0]}


def _over_seeds(spreads: list[dict[str, float]]) -> dict[str, float]:
    return {
        "min": min(one["min"] for one in spreads),
        "mean": sum(one["mean"] for one in spreads) / len(spreads),
        "max": max(one["max"] for one in spreads),
    }


def cost_frame(paper: Paper, table: str, costs: Costs, records: Sequence[Record]) -> pd.DataFrame:
    """A cost table: a row for every row of the paper's, in G and M; NaN is unknown. AP in percent.

    Rows that the paper gives as differences (`to`) are differences to our run of that row; rows
    that it gives in full are whole models. Each convention has the columns closed, min, mean, max
    and open: gates all closed, as open as trained (on the records' profile), and all open.
    """
    return pd.DataFrame(
        [_row(paper, table, row, costs, records) for row in paper.rows(table)]
    ).round(6)


def _row(
    paper: Paper, table: str, row: str, costs: Costs, records: Sequence[Record]
) -> dict[str, Any]:
    cells = paper.row(table, row)
    start = paper.row(table, cells["to"]) if "to" in cells else None
    named = {k.removeprefix("added_"): v for k, v in cells.items()}
    out: dict[str, Any] = {
        "row": cells["label"],
        "run": cells["run"],
        "over": start["run"] if start else None,
        "paper_AP": cells["AP"],
        "AP": _ap(records, cells["run"]),
        **{f"paper_{n}": named.get(n, NAN) for n in ("params", *_gflops(paper, table))},
    }
    runs = [cells["run"]] + ([start["run"]] if start else [])
    if any(run not in costs for run in runs):
        return out | {"status": "not run"}
    parameters = [conventions.parameters(costs[run]) / MEGA for run in runs]
    out["params"] = parameters[0] - sum(parameters[1:])
    for convention in CONVENTIONS:
        for name, value in _states(convention, runs, costs, records).items():
            out[f"{convention}_{name}"] = value
    return out | {"status": "measured"}


def _ap(records: Sequence[Record], run: str) -> float:
    """Mean over seeds, NaN without a record."""
    values = [record.metric("AP") for record in by_run(list(records)).get(run, {}).values()]
    return sum(values) / len(values) if values else NAN


def _gflops(paper: Paper, table: str) -> list[str]:
    """Names of the cost columns that the paper's table has."""
    names = (n.removeprefix("added_") for cells in paper.rows(table).values() for n in cells)
    return list(dict.fromkeys(name for name in names if name.startswith("GFLOPs")))


def _states(
    convention: str, runs: list[str], costs: Costs, records: Sequence[Record]
) -> dict[str, float]:
    """GFLOPs of a run, or its difference to a second one, for gates closed ... open."""
    of = [_one(convention, costs[run], open_shares(records, run)) for run in runs]
    return {name: value - (of[1][name] if len(of) > 1 else 0) for name, value in of[0].items()}


def _one(convention: str, cost: dict[str, Any], shares: Shares | None) -> dict[str, float]:
    """min and max apply the extreme frames' share to all levels, mean each level's own share."""
    total = getattr(conventions, convention)
    out = {"closed": total(cost, 0.0) / GIGA, "open": total(cost, 1.0) / GIGA}
    if not cost["gated"]:
        return {name: out["open"] for name in ("closed", "min", "mean", "max", "open")}
    if shares is None:
        return out | dict.fromkeys(("min", "mean", "max"), NAN)
    levels = {level: shares.get(level, shares["all"])["mean"] for level in cost["gated"]}
    trained = {"min": shares["all"]["min"], "mean": levels, "max": shares["all"]["max"]}
    return out | {name: total(cost, opened) / GIGA for name, opened in trained.items()}


def parts_frame(cost: dict[str, Any]) -> pd.DataFrame:
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
