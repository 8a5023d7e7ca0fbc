"""Gain against dose on the page: a planted slope is found, printed and recomputed."""

import json
import shutil

import numpy as np
import pytest

from experiments.stages.layout import ROOT, Layout
from reports.build import build
from reports.doses.dose_records import load_dose_records
from reports.doses.gain_curves import load_curves
from reports.verify.derived.doses import expect_doses
from reports.verify.facts import load_facts
from tests.helpers.fake_records import record, write_manifest
from tpr.evaluation.draws import pack_draws

BASE, TPR = "blendmask-r50", "blendmask-r50+tpr"
SPEEDS = [0.5, 1, 2]
GRID = f"""
mini:
  baseline: {BASE}
  runs: [{BASE}, {TPR}]
  videos: 300
  factors: {{speed: {SPEEDS}}}
  trained: {{runs: [{BASE}, {TPR}], factors: {{speed: {SPEEDS}}}}}
"""


def dose_record(run, seed, speed, ap, finished="2026-11-29T12:00:00+00:00"):
    raw = record(run, seed, ap)
    luck = np.random.default_rng(round(10 * speed)).normal(0, 0.3, 100)  # of videos, not of runs
    own = np.random.default_rng(seed + len(run)).normal(0, 0.05, 100)
    raw["evaluate"]["metrics"] |= {"AP_draws": pack_draws((ap + luck + own) / 100), "videos": 300}
    raw["evaluate"] |= {"finished": finished, "inputs": {"videos": f"v{speed}", "train": f"{seed}"}}
    raw["evaluate"]["spec"] = {"evaluation": {"bootstrap": 100}, "infer": {}}
    kept = {name: raw[name] for name in ("run", "seed", "profile", "evaluate", "train")}
    return kept | {"dose": {"factor": "speed", "value": speed}, "trained_at_dose": False}


def put(layout, raw, name=""):
    layout.doses.mkdir(parents=True, exist_ok=True)
    value = raw["dose"]["value"]
    path = layout.doses / f"{raw['run']}-seed{raw['seed']}-speed-{value:g}{name}.json"
    path.write_text(json.dumps(raw))


@pytest.fixture
def layout(tmp_path):
    """TPR gains 1, 1.8 and 2.6 points at rising speed; 1, 1.9 and 2.8 at a second seed."""
    write_manifest(tmp_path)
    manifests = tmp_path / "experiments" / "manifests"
    declared = ROOT / "experiments" / "manifests"
    shutil.copy(declared / "runs.yaml", manifests)
    shutil.copytree(declared / "profiles", manifests / "profiles")
    (manifests / "doses.yaml").write_text(GRID)
    layout = Layout("mini", tmp_path)
    for seed in (0, 1):
        for rank, speed in enumerate(SPEEDS):
            put(layout, dose_record(BASE, seed, speed, 30.0 - rank))
            put(layout, dose_record(TPR, seed, speed, 31.0 - (0.2 - 0.1 * seed) * rank))
    return layout


def test_a_planted_slope_is_found(layout):
    curves = load_curves(layout)
    assert curves is not None
    (one,) = curves.known
    assert [g.mean for g in one.gains] == pytest.approx([1.0, 1.85, 2.7])
    assert one.slope.mean == pytest.approx(0.85)
    assert one.slope.bounds == pytest.approx((0.85 - 6.314 * 0.05, 0.85 + 6.314 * 0.05), abs=0.02)
    assert [one.trained for one in curves.curves] == [False, True]


def test_records_of_other_videos_than_the_latest_are_left_out(layout):
    old = dose_record(TPR, 5, 1, 99.0, finished="2026-11-01T00:00:00+00:00")
    old["evaluate"]["inputs"]["videos"] = "others"
    put(layout, old)
    assert all(one.seed != 5 for one in load_dose_records(layout))


def test_a_slope_needs_every_dose_and_a_gain_only_its_own(layout):
    for path in layout.doses.glob(f"{TPR}-seed*-speed-2.json"):
        path.unlink()
    (one,) = load_curves(layout).known
    assert one.gains[2] is None and one.slope is None and one.gains[0] is not None


def test_the_page_prints_what_is_recomputed(layout):
    rows = expect_doses(load_facts(layout.root, "mini"))
    page = build(layout.profile, layout.root).read_text()
    report = (layout.report / "report.md").read_text()
    (table,), ((_, context),) = rows.tables, rows.contexts
    assert context["dose_slopes"].startswith("Of 1 slopes 1 rise and 0 fall")
    for text in (page, report):
        assert context["dose_slopes"] in text and context["dose_change"] in text
        for cells in table.columns:
            assert cells.cells[0] in text
    assert context["dose_values"] in report
    assert {len(one.cells) for one in table.columns} == {2}
    assert table.columns[-2].cells == ["+0.85", "not run"]


def test_without_records_it_is_not_run(layout):
    for path in layout.doses.iterdir():
        path.unlink()
    report = build(layout.profile, layout.root).with_name("report.md").read_text()
    assert "Not run: no trained model was evaluated on dosed videos." in report
    assert not (layout.figures / "doses.png").exists()
