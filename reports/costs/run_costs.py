"""Parameters, multiply-accumulates and speed of a run as columns, and the speeds as a table."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from reports.costs.cost_frames import MEGA, TOTALS, Costs, gflops_by_gates, open_shares
from reports.records.run_record import Record
from tpr.cost import conventions

STATES = ("min", "mean", "max")  # over frames, with trained gates
VARIANT = re.compile(r"(?P<run>.+?)(, gates (?P<open>[\d.]+) % open)?(, (?P<execution>\w+))?")
Speed = dict[str, Any]  # results/full/speed.json


def speed_frame(speed: Speed) -> pd.DataFrame:
    """A row for each device and variant. open: percent of the gates, NaN of a model without;
    FPS: of the whole inference; ratios: to the model without TPR, over rounds."""
    return pd.DataFrame([
        _speed_row(device, name, variant)
        for device in speed["devices"]
        for name, variant in device["variants"].items()
    ]).round(6)  # fmt: skip


def _speed_row(device: dict[str, Any], name: str, variant: dict[str, Any]) -> dict[str, Any]:
    found = VARIANT.fullmatch(name)
    assert found is not None  # every name is at least a run's
    share, done = found["open"], variant.get("gated_work_done")
    return {
        "device": device["name"],
        "rounds": device["rounds"],
        "run": found["run"],
        "open": None if share is None else float(share),
        "execution": variant.get("execution", found["execution"]),
        "gated_work_done": None if done is None else float(done),
        "FPS": variant["inference"]["fps"],
        **{f"ratio_{n}": variant["inference"]["ratio"][n] for n in ("median", "min", "max")},
        "network_FPS": variant["network"]["fps"],
        **{f"network_ratio_{n}": variant["network"]["ratio"][n] for n in ("median", "min", "max")},
    }


def run_costs(
    runs: Sequence[str], costs: Costs, speed: Speed | None, records: Sequence[Record]
) -> pd.DataFrame:
    """A row for each run: params in M, GFLOPs_<convention>_<min, mean or max> in G, and on the
    first device measured FPS, or for each measured percentage of open gates FPS_gates_<percentage>.

    Costs are those of the full-size models; `records` say how far gates open. NaN is unknown; what
    was never measured has no columns.
    """
    frame = pd.DataFrame(index=range(len(runs)))
    if costs:
        frame = frame.join(pd.DataFrame([_costs(run, costs, records) for run in runs]))
    if speed:
        speeds = _speeds(speed)
        columns = list(dict.fromkeys(name for one in speeds.values() for name in one))
        frame = frame.join(pd.DataFrame([speeds.get(run, {}) for run in runs], columns=columns))
    return frame.astype(float).round(6)


def _costs(run: str, costs: Costs, records: Sequence[Record]) -> dict[str, float]:
    names = [f"GFLOPs_{convention}_{state}" for convention in TOTALS for state in STATES]
    if run not in costs:
        return dict.fromkeys(("params", *names), float("nan"))
    shares = open_shares(records, run)
    out = {"params": conventions.parameters(costs[run]) / MEGA}
    for convention in TOTALS:
        found = gflops_by_gates(convention, costs[run], shares)
        out |= {f"GFLOPs_{convention}_{state}": found[state] for state in STATES}
    return out


def _speeds(speed: Speed) -> dict[str, dict[str, float]]:
    """Of the first device, by run and column; of several ways to execute, the fastest."""
    found: dict[str, dict[str, float]] = {}
    for name, variant in speed["devices"][0]["variants"].items():
        match = VARIANT.fullmatch(name)
        assert match is not None
        column = "FPS" if match["open"] is None else f"FPS_gates_{match['open']}"
        of_run = found.setdefault(match["run"], {})
        of_run[column] = max(of_run.get(column, 0.0), variant["inference"]["fps"])
    return found


def cost_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of `run_costs` that a table has."""
    return frame.filter(regex=r"^(params$|GFLOPs_|FPS)")
