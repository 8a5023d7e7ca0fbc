"""Figures follow the content of the results they show, not the keys of their settings."""

import json
import shutil

import pytest

from experiments.declared.tables import load_tables
from experiments.stages.json_files import read_json
from experiments.stages.layout import ROOT, Layout
from reports.build import build
from reports.doses.gain_curves import load_curves
from reports.evidence.load import load
from reports.figures import figure
from reports.figures.figure import Figure, OutdatedFigureError, draw_or_recall, recall
from reports.figures.table_figures import ap_figure
from reports.scale.scale_records import load_scale_records
from reports.trackers.tracker_gains import load_tracker_gains
from tests.faults.damage import flip
from tests.helpers.fake_records import record, write_all, write_record
from tests.reports.test_page_build import add_training_log

LAYOUT = Layout("mini")


@pytest.fixture
def committed(tmp_path):
    """A copy of two tables and the controls they name: manifests, records and pictures."""
    layout = Layout("mini", tmp_path)
    for id in ("1b", "budget", "controls"):
        manifest = f"experiments/manifests/tables/{id}.yaml"
        (tmp_path / manifest).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / manifest, tmp_path / manifest)
    layout.records.mkdir(parents=True)
    for run in {run for table in load_tables(layout.manifests) for run in table.runs}:
        for path in LAYOUT.records.glob(f"{run}-seed*.json"):
            shutil.copy(path, layout.records)
    build("mini", tmp_path)
    return layout


def files(layout):
    """Time and content of every page, table and picture, by name."""
    folders = (layout.report, layout.tables, layout.figures)
    paths = [path for folder in folders for path in folder.glob("*.*")]
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}


def replace_numbers(layout, name):
    """Another result under the same keys, at another time."""
    path = layout.records / name
    raw = json.loads(path.read_text())
    raw["evaluate"]["metrics"]["AP"] += 3.0
    raw["train"]["metrics"]["final_losses"] = {"loss": 1.0}
    for part in ("train", "evaluate"):
        raw[part]["finished"] = "2026-12-24T12:00:00+00:00"
    path.write_text(json.dumps(raw))


def test_a_record_replaced_under_its_key_redraws_all_that_shows_it_and_nothing_else(committed):
    before = files(committed)
    replace_numbers(committed, "blendmask-r50+tpr-budget1.5-seed0.json")
    build("mini", committed.root)
    after = files(committed)
    assert before.keys() == after.keys()
    pictures = {name for name in before if name.endswith((".png", ".json"))}
    redrawn = {name for name in pictures if before[name][0] != after[name][0]}
    assert redrawn == {name for name in pictures if "budget" in name} != set()
    changed = {name for name in before if before[name][1] != after[name][1]}
    assert {"ap-budget.png", "ap-budget-dark.png", "training-budget.json"} <= changed
    assert {"budget.csv", "budget.tex", "index.html", "report.md"} <= changed
    assert not any("1b" in name for name in changed)


def test_pictures_that_are_committed_are_of_the_records_that_are_committed():
    evidence = load(LAYOUT)
    known = {
        (one.name, digest)
        for one in evidence.records
        for digest in (one.evaluated, one.measured, one.trained)
    }
    curves, trackers = load_curves(LAYOUT), load_tracker_gains(LAYOUT)
    assert curves is not None
    known |= set(curves.sources.items())
    known |= {(one.name, one.measured) for one in load_scale_records(LAYOUT)}
    if (LAYOUT.records.parent / "trackers").exists():
        assert trackers is not None
        known |= set(trackers.sources.items())
    notes = sorted(LAYOUT.figures.glob("*.json"))
    assert len(notes) > 10
    for note in notes:
        name = read_json(note)["name"]
        found = recall(LAYOUT.figures, name)
        assert found, f"{name} is not as it was drawn: python -m reports.build"
        stale = {run for run in found.sources if " seed " in run} - {
            run for run, digest in found.sources.items() if (run, digest) in known
        }
        assert not stale, f"{name} is of other records of {stale}: python -m reports.build"


def test_curves_of_a_training_that_is_gone_and_was_replaced_are_left_out_with_a_line(tmp_path):
    write_all(tmp_path)
    add_training_log(tmp_path, "blendmask-r50+tpr", 0)
    layout = Layout("mini", tmp_path)
    build("mini", tmp_path)
    shutil.rmtree(layout.runs)
    page = build("mini", tmp_path).read_text()
    assert "Last smoothed loss" in page and "no figure of" not in page
    raw = record("blendmask-r50+tpr", 0, 32.0)
    raw["train"]["finished"] = "2026-12-24T12:00:00+00:00"
    write_record(tmp_path, raw)
    page = build("mini", tmp_path).read_text()
    assert "Last smoothed loss" not in page
    assert "Table 1(a), no figure of curves: training-1a.png is damaged or was" in page


def test_a_log_of_another_training_under_the_same_key_is_not_drawn(tmp_path):
    write_all(tmp_path)
    add_training_log(tmp_path, "blendmask-r50+tpr", 0)
    raw = record("blendmask-r50+tpr", 0, 32.0)
    raw["train"]["finished"] = "2026-12-24T12:00:00+00:00"
    write_record(tmp_path, raw)
    assert "Last smoothed loss" not in build("mini", tmp_path).read_text()


def drawn(folder, content=b"x"):
    """How often it was drawn, and the figure of some sources."""
    times = []

    def shown(sources, known=None, at_hand=True):
        def draw():
            times.append(1)
            (folder / "a.png").write_bytes(content)
            return Figure("a.png", "t", "alt", "caption", sources)

        nothing = None
        found = draw_or_recall(
            folder, "a.png", sources, ap_figure, draw if at_hand else lambda: nothing, known
        )
        return found and found.sources

    return times, shown


def test_a_picture_of_more_records_is_kept_as_long_as_all_it_shows_are_known(tmp_path):
    _, shown = drawn(tmp_path)
    both, one = {"a seed 0": "k0", "a seed 1": "k1"}, {"a seed 0": "k0"}
    assert shown(both) == shown(one, known=both) == shown({}, known=both) == both
    assert shown(one, known={"a seed 0": "k0", "a seed 1": "new"}) == one
    assert shown(both) == both and shown(one) == one


def test_other_code_draws_again_where_the_data_are_at_hand(tmp_path, monkeypatch):
    times, shown = drawn(tmp_path)
    assert shown({"a": "k"}) and shown({"a": "k"}) and len(times) == 1
    monkeypatch.setattr(figure, "digest_of_code", lambda function: "other")
    assert shown({}, known={"a": "k"}, at_hand=False) == {"a": "k"} and len(times) == 1
    assert shown({"a": "k"}) and len(times) == 2


@pytest.mark.parametrize("name", ["a.png", "a.json"])
def test_a_damaged_picture_or_note_is_drawn_again_or_told(tmp_path, name):
    times, shown = drawn(tmp_path, bytes(range(256)))
    shown({"a": "k"})
    flip(tmp_path / name)
    assert shown({"a": "k"}) and len(times) == 2
    flip(tmp_path / name)
    with pytest.raises(OutdatedFigureError, match=r"a.png is damaged or was drawn from other"):
        shown({}, known={"a": "k"}, at_hand=False)


def test_what_was_never_drawn_is_no_error(tmp_path):
    assert drawn(tmp_path)[1]({}, at_hand=False) is None
    assert recall(tmp_path, "a.png") is None
