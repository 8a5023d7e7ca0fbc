"""Results as data frames, beside what the page was built with."""

import math

import pytest

from reports import load
from reports.build import build
from tests.helpers.fake_records import write_all


def test_tables_and_records_as_data_frames(tmp_path):
    write_all(tmp_path)
    build("mini", tmp_path)
    table, tidy = load.tables("mini", tmp_path)["1a"].set_index("run"), load.tidy("mini", tmp_path)
    aps = tidy[tidy["metric"] == "AP"].groupby("run")["value"].mean()
    assert aps["blendmask-r50+tpr"] == pytest.approx(table.loc["blendmask-r50+tpr", "AP"])
    assert {"claims", "1a"} <= load.tables("mini", tmp_path).keys()


def test_committed_tables_have_costs_and_speed_of_every_convention():
    found = load.tables("mini")
    names = {f"GFLOPs_{c}_{s}" for c in ("published", "executed") for s in ("min", "mean", "max")}
    results = ("1a", "1b", "1c", "1d", "1e", "2", "controls", "budget")
    assert all({"AP", "params", "FPS", *names} <= {*found[one].columns} for one in results)
    assert {"AP", "params", "published_mean", "executed_max", "FPS"} <= {*found["1f"].columns}
    tpr = found["2"].set_index("run").loc["blendmask-r50+tpr"]
    low, mean, high = (tpr[f"GFLOPs_executed_{s}"] for s in ("min", "mean", "max"))
    assert low < mean < high and math.isnan(tpr.FPS)
    speeds = found["speed"].set_index(["run", "open"])
    assert tpr.FPS_gates_10 == speeds.loc[("blendmask-r50+tpr", 10.0), "FPS"]
    tidy = load.tidy("mini")
    rows = tidy[(tidy.run == "blendmask-r50+tpr") & (tidy.metric == "params")]
    assert rows.value.tolist() == [tpr.params] and rows.seed.isna().all()
