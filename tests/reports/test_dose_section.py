"""Gain against dose on the page: planted slopes and losses are found, printed and recomputed."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from experiments.declared.measures import LOSSES
from reports.doses.dose_records import load_dose_records
from reports.doses.gain_curves import load_curves
from reports.doses.opening import opening
from reports.doses.section import dose_section
from reports.verify.derived.doses import expect_doses
from tests.helpers import page_sections
from tests.helpers.fake_records import record
from tests.helpers.page_sections import built, declared_layout
from tpr.evaluation.draws import pack_draws
from tpr.files import sha256

BASE, TPR = "blendmask-r50", "blendmask-r50+tpr"
SPEEDS = [0.5, 1, 2]
HEADING = "Gain against dose"
GRID = f"""
mini:
  baseline: {BASE}
  runs: [{BASE}, {TPR}]
  videos: 300
  factors: {{speed: {SPEEDS}}}
  trained: {{runs: [{BASE}, {TPR}], factors: {{speed: {SPEEDS}}}}}
"""


def dose_record(run, seed, speed, ap, finished="2026-11-29T12:00:00+00:00", lost=None):
    """lost: points of AP by kind of error, as in LOSSES."""
    raw = record(run, seed, ap)
    luck = np.random.default_rng(round(10 * speed)).normal(0, 0.3, 100)  # of videos, not of runs
    own = np.random.default_rng(seed + len(run)).normal(0, 0.05, 100)
    metrics = raw["evaluate"]["metrics"]
    metrics |= {"AP_draws": pack_draws((ap + luck + own) / 100), "videos": 300}
    for kind, points in (lost or {}).items():
        metrics |= {kind: points, f"{kind}_draws": pack_draws((points + luck + own) / 100)}
    raw["evaluate"] |= {"finished": finished, "inputs": {"videos": f"v{speed}", "train": f"{seed}"}}
    raw["evaluate"]["spec"] = {"evaluation": {"bootstrap": 100}, "infer": {}}
    kept = {name: raw[name] for name in ("run", "seed", "profile", "evaluate", "train")}
    return kept | {"dose": {"factor": "speed", "value": speed}, "trained_at_dose": False}


def put(layout, raw, name="", folder=None):
    folder = folder or layout.doses
    folder.mkdir(parents=True, exist_ok=True)
    value = raw["dose"]["value"]
    path = folder / f"{raw['run']}-seed{raw['seed']}-speed-{value:g}{name}.json"
    path.write_text(json.dumps(raw))
    return path


@pytest.fixture
def layout(tmp_path):
    """TPR gains 1, 1.8 and 2.6 points at rising speed; 1, 1.9 and 2.8 at a second seed. It loses as
    much as the baseline to all kinds of errors but association: less, by 0, 2 and 4 points."""
    layout = declared_layout(tmp_path, "doses.yaml", GRID)
    for seed in (0, 1):
        for rank, speed in enumerate(SPEEDS):
            lost = dict.fromkeys(LOSSES, 10.0)
            less = lost | {"lost_temporal": 10.0 - (2 + 0.1 * seed) * rank}
            put(layout, dose_record(BASE, seed, speed, 30.0 - rank, lost=lost))
            ap = 31.0 - (0.2 - 0.1 * seed) * rank
            put(layout, dose_record(TPR, seed, speed, ap, lost=less))
    return layout


def findings(layout, texts):
    return page_sections.findings(layout, texts, expect_doses, HEADING)


def section_of(layout):
    return dose_section("mini", load_curves(layout))


def test_a_planted_slope_is_found(layout):
    curves = load_curves(layout)
    assert curves is not None
    (one,) = curves.known
    assert [g.mean for g in one.gains] == pytest.approx([1.0, 1.85, 2.7])
    assert one.slope.mean == pytest.approx(0.85)
    assert one.slope.bounds == pytest.approx((0.85 - 6.314 * 0.05, 0.85 + 6.314 * 0.05), abs=0.02)
    assert [one.trained for one in curves.curves] == [False, True] and one.seeds == [2, 2, 2]


def test_the_opening_speaks_of_tpr_and_of_what_is_not_run(layout):
    section = section_of(layout)
    assert section.opening == (
        f"The gain of {TPR} over {BASE} rises with speed; not run at every dose: speed (trained at "
        "it)."
    )
    speed, trained = section.lines
    number = r"[+−]\d\.\d+"
    interval = rf"\({number} to {number}\)"
    gains = rf"\+1\.0 {interval} at 0\.5, \+2\.7 {interval} at 2"
    assert re.fullmatch(rf"speed: {gains}; slope \+0\.85 {interval} a step\.", speed)
    assert trained == "speed (trained at it): not run."
    assert section.seeds == "Means over 2 seeds."


def test_a_gain_that_falls_and_one_that_is_not_clear_are_said_to_do_so(layout):
    curves = load_curves(layout)
    (known,) = curves.known
    down = replace(known.slope, mean=-1.0, low=-1.5, high=-0.5)
    open_ = replace(known.slope, mean=0.1, low=-0.5, high=0.7)
    others = [replace(known, factor="scale", slope=down), replace(known, factor="x", slope=open_)]
    text = opening(replace(curves, curves=[known, *others]))
    assert "rises with speed; falls with change of scale; shows no clear slope over x." in text


def test_association_is_what_tpr_errs_less_in_at_the_doses_where_it_was_planted(layout):
    section = section_of(layout)
    place = section.kinds.index("association")
    assert [row.cells[place].change for row in section.losses] == ["+0.0", "−2.0", "−4.1"]
    assert [row.cells[place].is_apart for row in section.losses] == [False, True, True]
    assert "loses less AP to association at 2 of 3 doses (most at speed 2, −4.1 (" in (
        section.losses_sentence
    )
    assert "of the 21, some 2 leave out zero by chance" in section.losses_sentence
    assert "more" not in section.losses_sentence


def test_records_without_losses_have_no_table_of_them(layout):
    for path in layout.doses.iterdir():
        raw = json.loads(path.read_text())
        metrics = raw["evaluate"]["metrics"]
        raw["evaluate"]["metrics"] = {k: v for k, v in metrics.items() if "lost" not in k}
        path.write_text(json.dumps(raw))
    assert section_of(layout).losses == [] and section_of(layout).losses_sentence == ""
    assert [*findings(layout, built(layout))] == []


def test_records_of_other_videos_than_the_latest_are_left_out_and_counted(layout):
    old = dose_record(TPR, 5, 1, 99.0, finished="2026-11-01T00:00:00+00:00")
    old["evaluate"]["inputs"]["videos"] = "others"
    put(layout, old)
    found = load_dose_records(layout)
    assert all(one.seed != 5 for one in found.kept) and found.left_out == 1
    texts = built(layout)
    for text in texts:
        assert "Records of other videos, settings or weights than the latest, not shown: 1." in text
    assert [*findings(layout, texts)] == []


def test_records_that_do_not_ship_are_counted(layout):
    """One beside those that ship, and one in own/."""
    ships = {f"doses/{path.name}": sha256(path) for path in layout.doses.iterdir()}
    layout.shipped.write_text(json.dumps(ships))
    put(layout, dose_record(TPR, 7, 1, 50.0))
    put(layout, dose_record(TPR, 0, 1, 50.0), folder=layout.own / "doses")
    texts = built(layout)
    for text in texts:
        assert "made here beside those that ship, not shown: 2 (./run_all.sh ship-records" in text
        assert "+1.0" in text
    assert [*findings(layout, texts)] == []
    texts[1] = texts[1].replace("not shown: 2 (", "not shown: 3 (")
    assert [one.file for one in findings(layout, texts)] == ["md"]


def test_where_nothing_ships_all_records_are_shown_and_none_counted(layout):
    assert load_dose_records(layout).unshipped == 0 and section_of(layout).unused == []


def test_a_slope_needs_every_dose_and_a_gain_only_its_own(layout):
    for path in layout.doses.glob(f"{TPR}-seed*-speed-2.json"):
        path.unlink()
    (layout.doses / f"{TPR}-seed1-speed-1.json").unlink()
    (one,) = load_curves(layout).known
    assert one.gains[2] is None and one.slope is None and one.gains[0] is not None
    section = section_of(layout)
    assert "not run at 2; slope not run at every dose." in section.lines[0]
    assert section.tables[0].rows[0].seeds == "2, 1, 0"
    assert (
        section.seeds == "Means over 1 to 2 seeds. Over one seed an interval is over videos alone."
    )
    assert [row.dose for row in section.losses] == ["0.5", "1"]
    assert [*findings(layout, built(layout))] == []


def test_the_page_prints_what_is_recomputed(layout):
    texts = built(layout)
    assert [*findings(layout, texts)] == []
    note = json.loads((layout.figures / "doses.json").read_text())
    for text in texts:
        assert note["caption"] in text and note["alt"] in text
        assert "The gain changes most over speed" in text and "Of the 1 slopes" in text


def test_models_that_were_trained_at_the_doses_have_a_chart_of_their_own(layout):
    for run, start in ((BASE, 20.0), (TPR, 25.0)):
        for speed in SPEEDS:
            raw = dose_record(run, 0, speed, start + speed) | {"trained_at_dose": True}
            put(layout, raw, "-trained")
    texts = built(layout)
    assert [*findings(layout, texts)] == []
    assert f"; speed (trained at it), {TPR}: +5.0 (" in texts[1]
    assert "The gain changes most over speed: that of" in texts[1]
    assert not any("not run" in line for line in section_of(layout).lines)


def test_a_changed_number_is_noticed(layout):
    page, report = built(layout)
    start = report.index(f"## {HEADING}")
    for printed in (
        "+1.0 (",  # of the opening
        "slope +0.85",
        "2 of 3 doses",  # of the sentence on losses
        "−4.1 (",
        "some 2 leave out",
        "**−2.0**",  # of the table of losses
        "| speed | 0.5 |",
        "Means over 2 seeds",
        "Of the 1 slopes",
        f"| `{TPR}` | +1.0",  # of the table of all runs
    ):
        digit = re.search(r"(?<!r)\d", printed)
        changed = f"{printed[: digit.start()]}9{printed[digit.end() :]}"
        place = report.index(printed, start)
        other = report[:place] + changed + report[place + len(printed) :]
        assert {one.file for one in findings(layout, [page, other])} == {"md"}, printed


def test_without_records_it_is_not_run(layout):
    for path in layout.doses.iterdir():
        path.unlink()
    texts = built(layout)
    for text in texts:
        assert "Not run: no trained model was evaluated on dosed videos." in text
        assert "./run_all.sh doses --profile mini" in text
    assert not (layout.figures / "doses.png").exists()
