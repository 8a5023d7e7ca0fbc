"""Costs and speed as columns of a run; the numbers are made up."""

import math

from reports.costs.run_costs import cost_columns, run_costs, speed_frame
from tests.helpers.fake_costs import COSTS

RATIO = {"median": 0.8, "min": 0.75, "max": 0.9}


def variant(fps):
    return {kind: {"fps": fps, "ratio": RATIO} for kind in ("inference", "network")}


def speed(variants):
    return {"devices": [{"name": "Fake", "rounds": 5, "variants": variants}]}


SPEED = speed({
    "b": variant(4.0),
    "b+t, gates 0 % open": variant(3.0),
    "b+t, gates 50 % open, dense": variant(1.0),
    "b+t, gates 50 % open, masked": variant(2.0),
})  # fmt: skip


def test_what_a_run_does_not_have_is_empty():
    """b has no gates: one speed. b+t has gates, never trained: no shares. c was never measured."""
    frame = run_costs(["b", "b+t", "c"], COSTS, SPEED, [])
    base, gated, absent = (frame.loc[k] for k in range(3))
    assert (base.params, base.GFLOPs_published_mean, base.GFLOPs_executed_max) == (4, 10, 11)
    assert base.FPS == 4 and math.isnan(base.FPS_gates_0)
    assert gated.params == 6.5 and math.isnan(gated.GFLOPs_executed_min) and math.isnan(gated.FPS)
    assert absent.isna().all()


def test_of_several_ways_to_execute_the_fastest_counts():
    row = run_costs(["b+t"], {}, SPEED, []).loc[0]
    assert row.to_dict() | {"FPS": 0} == {"FPS": 0, "FPS_gates_0": 3, "FPS_gates_50": 2}


def test_what_was_never_measured_has_no_columns():
    assert list(run_costs(["b"], {}, None, []).columns) == []
    measured = run_costs(["b"], COSTS, None, [])
    assert list(cost_columns(measured.assign(AP=1)).columns) == list(measured.columns)


def test_a_row_of_speed_says_run_gates_and_execution():
    rows = speed_frame(SPEED).set_index(["run", "execution"])
    assert rows.loc[("b+t", "masked"), ["open", "FPS", "ratio_min"]].tolist() == [50, 2, 0.75]
    assert math.isnan(rows.loc["b"].open.iloc[0])
