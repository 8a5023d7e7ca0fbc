"""Cost tables as functions of costs and records; the numbers are made up."""

import math

import pytest

from reports.build import build
from reports.costs.cost_frames import cost_frame, open_shares, parts_frame
from reports.costs.cost_words import differences
from reports.costs.speed_cells import speed_section
from reports.paper.transcription import load_paper
from reports.records.run_record import load_records
from tests.helpers.fake_costs import BASE, COSTS, PAPER, ROUTED
from tests.helpers.fake_records import record, write_manifest, write_record


def trained(tmp_path, *shares):
    """Records of b+t, a seed for each (p3, p4) mean share; the extremes lie 0.1 around it."""
    for seed, (p3, p4) in enumerate(shares):
        raw = record("b+t", seed, 20.0 + seed)
        mean = (3 * p3 + p4) / 4
        raw["evaluate"]["metrics"]["open_fraction_by_level"] = {
            name: {"min": value - 0.1, "mean": value, "max": value + 0.1}
            for name, value in (("all", mean), ("p3", p3), ("p4", p4))
        }
        write_record(tmp_path, raw)
    return load_records(tmp_path / "results" / "mini" / "records", "mini")[0]


def test_whole_models_and_differences(tmp_path):
    """b: 10 G seen and 11 G executed; +T adds 1 G with closed gates, 5 G with open ones."""
    frame = cost_frame(PAPER, "1f", COSTS, []).set_index("run")
    base, routed = frame.loc["b"], frame.loc["b+t"]
    assert (base.published_closed, base.published_mean, base.executed_open) == (10, 10, 11)
    assert (base.params, base.paper_params, base.paper_GFLOPs_avg) == (4, 4, 10)
    assert (routed.params, routed.paper_params, routed.paper_GFLOPs_avg) == (2.5, 2, 3)
    assert (routed.published_closed, routed.published_open, routed.executed_closed) == (1, 5, 1)
    assert math.isnan(routed.published_mean) and math.isnan(routed.AP)
    assert list(frame.status) == ["measured", "measured"]


def test_trained_gates_count_by_level_and_extremes_as_a_whole(tmp_path):
    """Mean shares 0.4 (p3) and 0.2 (p4): 1 + 3 x 0.4 + 1 x 0.2; extremes 1 + 4 x (0.35 -+ 0.1)."""
    records = trained(tmp_path, (0.4, 0.2))
    row = cost_frame(PAPER, "1f", COSTS, records).set_index("run").loc["b+t"]
    assert row.published_mean == pytest.approx(2.4)
    assert (row.executed_min, row.executed_max) == pytest.approx((2.0, 2.8))
    assert row.AP == 20.0


def test_shares_over_seeds_are_the_mean_and_the_widest_extremes(tmp_path):
    shares = open_shares(trained(tmp_path, (0.2, 0.2), (0.4, 0.2)), "b+t")
    assert shares["p3"] == pytest.approx({"min": 0.1, "mean": 0.3, "max": 0.5})
    assert shares["all"]["max"] == pytest.approx(0.45)
    assert open_shares([], "b+t") is None


def test_a_run_without_costs_is_not_run():
    frame = cost_frame(PAPER, "1f", {"b": BASE}, []).set_index("run")
    assert frame.loc["b+t"].status == "not run" and math.isnan(frame.loc["b+t"].params)


def test_parts_hold_what_each_convention_sees():
    frame = parts_frame(ROUTED).set_index("part")
    assert frame.loc["basis", ["executed", "published"]].tolist() == [1, 0]
    assert frame.loc["a", ["params", "executed", "published"]].tolist() == [2.5, 5, 5]


def test_differences_over_five_percent_are_explained_by_parts(tmp_path):
    base, params, flops = differences(PAPER, COSTS, trained(tmp_path, (0.4, 0.2)))
    assert "4.00 M parameters against 4.0 M (+0.0 %)" in base and "basis 1.00 G" in base
    assert "+2.50 M parameters against +2.0 M (+25.0 %): a 2.50 M" in params
    assert "difference is +0.50 M" in params
    assert "+1.00 G with closed gates, +5.00 G with open ones, against +3.0 G" in flops
    assert "+2.40 G (−20.0 %) with the 35.0 %" in flops and "met with 50.0 %" in flops


def test_the_page_says_that_costs_have_not_been_measured(tmp_path):
    write_manifest(tmp_path)
    page = build("mini", tmp_path)
    assert "./run_all.sh 1f" in page.read_text()
    assert "Speed: not run" in page.with_name("report.md").read_text()


def test_speeds_stand_beside_the_published_ratios():
    """16.1 / 19.3 and 15.3 / 21.2 of Table 2."""
    ratio = {"median": 0.8, "min": 0.75, "max": 0.9}
    one = {kind: {"fps": 2.5, "ratio": ratio} for kind in ("inference", "network")}
    settings = {"frames": 8, "detections": 10, "size": [360, 640]}
    device = {"name": "Fake, 1 threads", "rounds": 5, "variants": {"b+t, gates 10 % open": one}}
    record = {"devices": [device], "settings": settings}
    section = speed_section(record, load_paper())
    (row,) = section.devices[0].rows
    assert row.inference_ratio == "0.80 (0.75 to 0.90)" and row.network_fps == "2.50"
    assert section.published == ["BlendMask 16.1 / 19.3 = 0.83", "SipMask 15.3 / 21.2 = 0.72"]
    assert section.size == "640×360"
    assert row.variant == "b+t, gates 10 % open" and section.devices[0].work == ""
    device["variants"] = {"b+t, gates 10 % open": one | {"execution": "dense"}}
    (row,) = speed_section(record, load_paper()).devices[0].rows
    assert row.variant == "b+t, gates 10 % open, dense"


def test_speeds_say_how_much_of_the_gated_work_is_done():
    ratio = dict.fromkeys(("median", "min", "max"), 0.8)
    one = {kind: {"fps": 2.5, "ratio": ratio} for kind in ("inference", "network")}
    variants = {"b": one | {"gated_work_done": None}, "b+t": one | {"gated_work_done": 0.2311}}
    device = {"name": "Fake", "rounds": 5, "variants": variants}
    settings = {"frames": 8, "detections": 10, "size": [360, 640]}
    found = speed_section({"devices": [device], "settings": settings}, load_paper())
    assert found.devices[0].work == "b+t 23.1 %"


def test_every_cost_row_of_the_paper_names_a_run():
    paper = load_paper()
    assert all("run" in row for table in ("1c", "1f") for row in paper.rows(table).values())
