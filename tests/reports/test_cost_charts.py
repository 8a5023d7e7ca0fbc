"""Charts of costs: what they are drawn from. The numbers are made up."""

import json

import pytest

from reports.figures import cost_charts, gate_chart, speed_chart
from reports.figures.figure import recall, remember
from reports.paper.transcription import load_paper
from reports.records.run_record import load_records
from tests.helpers.fake_costs import BASE, ROUTED
from tests.helpers.fake_records import record, write_record

COSTS = {"blendmask-r50": BASE, "blendmask-r50+tpr": ROUTED}


def gate_rows():
    """Video 1 stays at 0.2; video 2 rises from 0.1 to 0.7, its frames out of order."""
    rows = [{"video": 1, "frame": t, "all": 0.2, "p3": 0.2} for t in (1, 2)]
    shares = ((3, 0.7), (1, 0.1), (2, 0.3))
    return rows + [{"video": 2, "frame": t, "all": s, "p3": s} for t, s in shares]


def test_the_liveliest_clip_is_shown_in_the_order_of_its_frames():
    clip = gate_chart.liveliest(gate_rows())
    assert [(row["video"], row["all"]) for row in clip] == [(2, 0.1), (2, 0.3), (2, 0.7)]
    assert gate_chart.liveliest([]) == []


def test_published_points_are_sums_of_baseline_and_increase():
    points = cost_charts.published_points(load_paper())
    assert points["blendmask-r50"] == (56.8, 41.2, 33.8)
    assert points["blendmask-r101+tpr"] == pytest.approx((75.7 + 4.9, 60.1 + 14.2, 39.1))


def test_measured_points_pair_full_size_costs_with_measured_ap(tmp_path):
    """10 G and 4 M for the baseline; closed gates add 1 G, parameters 2.5 M."""
    for run, ap in (("blendmask-r50", 9.0), ("blendmask-r50+tpr", 10.0)):
        write_record(tmp_path, record(run, 0, ap))
    records, _ = load_records(tmp_path / "results" / "mini" / "records", "mini")
    points = cost_charts.measured_points(load_paper(), COSTS, records)
    assert points == {"blendmask-r50": (10, 4, 9), "blendmask-r50+tpr": (11, 6.5, 10)}


SPEEDS = {"a CPU": {"sipmask-r50": 4.0, "sipmask-r50+tpr, gates 10 % open": 3.0, "yolact-r50": 5.0}}


def speed():
    return {
        "devices": [
            {
                "name": device,
                "variants": {name: {"inference": {"fps": fps}} for name, fps in variants.items()},
            }
            for device, variants in SPEEDS.items()
        ]
    }


def test_speeds_stand_beside_the_ap_of_runs_that_have_records(tmp_path):
    """YOLACT was timed and not trained."""
    for run, ap in (("sipmask-r50", 9.0), ("sipmask-r50+tpr", 10.0)):
        write_record(tmp_path, record(run, 0, ap))
    records, _ = load_records(tmp_path / "results" / "mini" / "records", "mini")
    points = speed_chart.measured_speeds(speed()["devices"][0], records)
    assert [(one.run, one.fps, one.AP) for one in points] == [
        ("sipmask-r50", 4.0, 9.0),
        ("sipmask-r50+tpr", 3.0, 10.0),
    ]
    figure = speed_chart.ap_against_speed(load_paper(), speed(), records, tmp_path, {"x": "key"})
    assert "sipmask-r50+tpr, gates 10 % open AP 10.0 at 3.00 FPS" in figure.alt
    assert "Published: blendmask-r50 AP 33.4 at 19.3 FPS" in figure.alt
    assert speed_chart.ap_against_speed(load_paper(), speed(), [], tmp_path, {}) is None


def test_bars_split_the_temporal_module_by_its_gates():
    parts = cost_charts.stack(ROUTED, "executed")
    assert (parts["backbone"], parts["masks"]) == (10, 1)
    assert (parts["temporal, always"], parts["temporal, behind gates"]) == (1, 4)
    assert cost_charts.stack(ROUTED, "published")["masks"] == 0


def test_charts_are_written_for_both_themes(tmp_path):
    path = tmp_path / "gates.json"
    path.write_text(json.dumps(gate_rows()))
    paper, sources = load_paper(), {"x": "key"}
    figures = [
        cost_charts.cost_by_part(paper, COSTS, tmp_path, sources),
        gate_chart.open_over_clip(path, "x", tmp_path, sources),
    ]
    for figure in figures:
        assert recall(tmp_path, remember(tmp_path, figure).name) == figure
    assert "all 36.7 %" in figures[1].alt
    assert gate_chart.open_over_clip(tmp_path / "none.json", "x", tmp_path, sources) is None
