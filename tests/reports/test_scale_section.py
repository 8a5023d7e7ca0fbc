"""Gain against scale on the page: what is planted is predicted, printed and recomputed."""

import json
from dataclasses import replace
from math import log2

import numpy as np
import pytest

from experiments.declared.scale import Cell
from experiments.stages.layout import Layout
from reports.build import build
from reports.scale.plane import Scales, load_scales_of, plane_weights
from reports.scale.prediction import load_foretold
from reports.scale.section import scale_section
from reports.verify.check import check_texts
from reports.verify.derived.scale import SECTION, check_prediction, expect_scale
from reports.verify.facts import load_facts
from reports.verify.printed.html_page import read_html
from reports.verify.printed.markdown_page import read_markdown
from reports.verify.prose import filled
from tests.helpers.fake_records import record
from tests.helpers.page_sections import declared_layout
from tpr.evaluation.draws import pack_draws

BASE, TPR = "blendmask-r50", "blendmask-r50+tpr"
WIDTHS, VIDEOS, LARGEST = [0.5, 1, 2], [300, 600, 1200], Cell(2.0, 1200)
GRID = f"""
mini:
  baseline: {BASE}
  runs: [{BASE}, {TPR}]
  seeds: [0, 1]
  widths: {WIDTHS}
  times: [0.6, 1, 2.6]
  videos: {VIDEOS}
  full: {{width: 4, videos: 1936}}
"""
EARLY, LATE = "2026-11-02T12:00:00+00:00", "2099-11-29T12:00:00+00:00"


def planted(cell: Cell, off: float = 0.0) -> float:
    """Gain 2 at width 1 and 600 videos, 0.5 more a doubling of the width, 0.3 less of the videos;
    off: what the largest cell has beside."""
    beside = off if cell == LARGEST else 0.0
    return 2 + 0.5 * log2(cell.width) - 0.3 * log2(cell.videos / 600) + beside


def put(layout: Layout, run: str, seed: int, cell: Cell, ap: float, finished: str = EARLY) -> None:
    raw = record(run, seed, ap)
    luck = np.random.default_rng(int(cell.videos * cell.width)).normal(0, 0.3, 100)
    own = np.random.default_rng(seed + len(run)).normal(0, 0.05, 100)
    raw["evaluate"]["metrics"] |= {"AP_draws": pack_draws((ap + luck + own) / 100), "videos": 300}
    raw["evaluate"] |= {"finished": finished, "inputs": {"videos": "v", "train": cell.part}}
    raw["evaluate"]["spec"] = {"evaluation": {"bootstrap": 100}, "model": {"w": cell.width}}
    raw["scale"] = {"width": cell.width, "videos": cell.videos}
    layout.scale.mkdir(parents=True, exist_ok=True)
    (layout.scale / f"{run}-seed{seed}-{cell.part}.json").write_text(json.dumps(raw))


def fill(layout: Layout, *, held_out: bool, off: float = 0.0, spread: float = 0.1) -> None:
    """spread: between the two seeds' gains."""
    for cell in [Cell(float(w), v) for w in WIDTHS for v in VIDEOS]:
        if (cell.width == 2 or cell.videos == 1200) == held_out:
            for seed in (0, 1):
                put(layout, BASE, seed, cell, 30.0, LATE if held_out else EARLY)
                ap = 30.0 + planted(cell, off) + (seed - 0.5) * spread
                put(layout, TPR, seed, cell, ap, LATE if held_out else EARLY)


@pytest.fixture
def layout(tmp_path):
    """The four cells that are fitted."""
    layout = declared_layout(tmp_path, "scale.yaml", GRID)
    fill(layout, held_out=False)
    return layout


def foretold(layout: Layout) -> Scales:
    scales = load_foretold(layout)
    assert scales is not None
    return scales


def test_a_plane_is_recovered_and_what_is_off_it_is_the_error(layout):
    predicted = foretold(layout).prediction
    assert len(predicted) == 5
    for (_, cell), one in predicted.items():
        assert one.mean == pytest.approx(planted(cell))
    fill(layout, held_out=True, off=0.7)
    error = foretold(layout).error(TPR, LARGEST)
    assert error is not None and error.mean == pytest.approx(0.7)
    assert foretold(layout).error(TPR, Cell(2.0, 300)).mean == pytest.approx(0, abs=1e-9)


def test_slopes_are_those_of_least_squares():
    cells = [Cell(w, v) for w in (0.5, 1.0, 2.0) for v in (300, 600)]
    gains = np.random.default_rng(0).normal(0, 1, len(cells))
    sides = np.array([[1, log2(c.width), log2(c.videos)] for c in cells])
    fitted = np.linalg.solve(sides.T @ sides, sides.T @ gains)
    assert plane_weights(cells, Cell(4.0, 1200)) @ gains == pytest.approx(
        fitted @ [1, 2, log2(1200)]
    )


def test_the_prediction_is_written_once_before_what_it_is_of(layout):
    path = next(layout.scale.glob(f"{TPR}-seed1-*-videos-300.json"))
    kept = path.read_text()
    path.unlink()
    assert not foretold(layout).prediction and not layout.scale_prediction.exists()
    path.write_text(kept)
    first = foretold(layout).prediction
    written = layout.scale_prediction.read_text()
    assert foretold(layout).prediction == first
    assert layout.scale_prediction.read_text() == written
    put(layout, TPR, 0, Cell(1.0, 600), 40.0)  # made again before anything held out
    second = foretold(layout).prediction
    assert second != first
    fill(layout, held_out=True)
    put(layout, TPR, 0, Cell(1.0, 600), 32.0)
    assert foretold(layout).prediction == second


def test_without_a_prediction_nothing_is_said_of_held_out_cells(layout):
    fill(layout, held_out=True)
    assert scale_section(foretold(layout)).sentence == (
        "Held-out cells were trained before their gain was predicted: nothing is said of it."
    )


def sentence(layout: Layout) -> str:
    return scale_section(foretold(layout)).sentence


def test_the_sentence_says_how_far_the_error_reaches(layout):
    begin = f"{TPR} at 2 times the width and 1200 videos: predicted +2.20 ("
    assert sentence(layout).startswith(begin)
    assert sentence(layout).endswith("); not all of it is trained yet.")
    fill(layout, held_out=True, spread=0.1)
    near = sentence(layout)
    assert near.startswith(begin) and ", found +2.20, off by " in near
    # at full: 2 + 0.5 * 2 - 0.3 * log2(1936 / 600)
    assert "and full is 1.7 on: there +2.49, give or take" in near
    fill(layout, held_out=True, off=-2.0)
    assert "found +0.20, off by −2.00" in sentence(layout)
    assert sentence(layout).endswith(", and full is 1.7 on: nothing is said of it.")


def test_an_error_without_an_interval_extrapolates_nothing(layout):
    fill(layout, held_out=True)
    known = {"run": TPR, "width": 2, "videos": 1200, "gain": 2.0, "interval": None}
    layout.scale_prediction.write_text(json.dumps({"gains": [known]}))
    scales = foretold(layout)
    alone = [one for one in scales.records if one.seed == 0]
    for one in alone:
        del one.metrics["AP_draws"]
    said = scale_section(replace(scales, records=alone)).sentence
    assert "predicted +2.00, found +2.15, off by " in said
    assert said.endswith("; without an interval of that nothing is extrapolated.")


def test_records_of_other_videos_than_the_latest_are_left_out(layout):
    path = next(layout.scale.glob(f"{TPR}-seed1-*.json"))
    raw = json.loads(path.read_text())
    raw["evaluate"]["inputs"]["videos"] = "others"
    raw["evaluate"]["finished"] = "2026-10-01T00:00:00+00:00"
    path.write_text(json.dumps(raw))
    scales = load_scales_of(layout)
    assert len(scales.records) == 15 and not scales.complete(scales.fitted)


@pytest.mark.parametrize("held_out", [False, True])
def test_the_page_prints_what_is_recomputed(layout, held_out):
    build(layout.profile, layout.root)
    if held_out:
        fill(layout, held_out=True, off=0.5)
    page = build(layout.profile, layout.root).read_text()
    report = (layout.report / "report.md").read_text()
    facts = load_facts(layout.root, "mini")
    ((_, context),) = expect_scale(facts).contexts
    assert context["scale_sentence"].startswith(TPR)
    assert context["scale_sentence"] in page
    assert context["scale_sentence"] in report
    assert context["scale_values"] in report
    assert [*check_prediction(facts)] == []
    sentences = filled(expect_scale(facts).contexts)
    for printed in (read_html(page), read_markdown(report)):
        printed.texts = [one for one in printed.texts if one.section.startswith(SECTION)]
        assert [*check_texts("", printed, sentences)] == []
        changed = [one.text.replace("predicted +2.20", "predicted +2.30") for one in printed.texts]
        printed.texts = [replace(o, text=t) for o, t in zip(printed.texts, changed, strict=True)]
        (found,) = check_texts("", printed, sentences)
        assert "+2.30" in found.printed and "+2.20" in found.recomputed


def test_verify_finds_another_prediction_and_one_that_came_late(layout):
    foretold(layout)
    fill(layout, held_out=True)
    raw = json.loads(layout.scale_prediction.read_text())
    raw["gains"][0]["gain"] += 0.1
    layout.scale_prediction.write_text(json.dumps(raw))
    (found,) = check_prediction(load_facts(layout.root, "mini"))
    assert (found.file, found.place[: len(TPR)]) == ("scale-prediction.json", TPR)
    raw["gains"][0]["gain"] -= 0.1
    layout.scale_prediction.write_text(json.dumps(raw))
    put(layout, TPR, 0, LARGEST, 32.2, EARLY)
    (found,) = check_prediction(load_facts(layout.root, "mini"))
    assert found.place == "written" and f"{TPR}-seed0-width-2-videos-1200" in found.recomputed


def test_without_records_it_is_not_run(layout):
    for path in layout.scale.iterdir():
        path.unlink()
    report = build(layout.profile, layout.root).with_name("report.md").read_text()
    assert "Not run: nothing was trained at other scales." in report
    assert not (layout.figures / "scale.png").exists()
