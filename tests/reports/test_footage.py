"""The table of a profile's videos beside recorded footage."""

import json
import shutil
from dataclasses import replace

import pytest

from experiments.declared.footage import load_footage
from experiments.declared.manifest_errors import ManifestError
from experiments.stages.layout import ROOT, Layout
from reports.footage import own_footage
from reports.footage.footage_table import QUARTILES, load_footage_table
from reports.records.run_record import Record
from tests.helpers.ytvis_sets import content
from tpr.footage.measures import MEASURES

MANIFESTS = ROOT / "experiments" / "manifests"


def record(dataset: str) -> Record:
    return Record("a", 0, "mini", {"dataset": dataset, "inputs": {"videos": "key"}}, {}, {})


@pytest.fixture
def layout(tmp_path) -> Layout:
    """With the manifests, and the videos of a stage in `tmp_path / "made"`."""
    shutil.copytree(MANIFESTS, tmp_path / "experiments" / "manifests")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "val.json").write_text(json.dumps(content(2)))
    return Layout("mini", tmp_path)


def test_what_is_known_of_footage_has_names_of_measures_and_sources():
    known = load_footage(MANIFESTS)
    assert [one.name for one in known][1:] == ["YouTube-VIS", "OVIS"]
    assert all(one.source for one in known) and {*known[0].quartiles} <= {*QUARTILES} <= {*MEASURES}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("means: {box_overlop: 1}", r"footage\.yaml:3: unknown measure .* 'box_overlap'"),
        ("quartiles: {size: [1, 2, 3]}", r"footage\.yaml:3: size must hold percentiles 25, 50, 75"),
    ],
)
def test_a_mistake_in_what_is_known_is_told_with_its_line(tmp_path, text, message):
    (tmp_path / "footage.yaml").write_text(f"- name: a\n  source: b\n  {text}\n")
    with pytest.raises(ManifestError, match=message):
        load_footage(tmp_path)


def test_own_videos_are_measured_once_and_kept_for_when_they_are_gone(layout, monkeypatch):
    monkeypatch.setattr(own_footage, "sound_folder", lambda runs, key: layout.root / "made")
    found = own_footage.own_footage(layout, [record("print")])
    assert found is not None and found["videos"] == 2 and found["ranges"] == [24, 48, 96, 192]
    monkeypatch.setattr(own_footage, "sound_folder", lambda runs, key: None)
    assert own_footage.own_footage(layout, [record("print")]) == found
    assert own_footage.own_footage(layout, [record("other")]) is None
    assert own_footage.own_footage(layout, []) is None
    seen = own_footage.view_of(layout)
    monkeypatch.setattr(own_footage, "view_of", lambda layout: replace(seen, short_edge=72))
    assert own_footage.own_footage(layout, [record("print")]) is None


def test_a_row_holds_quartiles_or_a_mean_and_a_dash_for_what_is_not_known(layout, monkeypatch):
    monkeypatch.setattr(own_footage, "sound_folder", lambda runs, key: layout.root / "made")
    table = load_footage_table(layout, [record("print")])
    assert table is not None
    assert table.columns == ["mini", "DAVIS 2016, 6 a second", "YouTube-VIS", "OVIS"]
    rows = dict(table.rows)
    assert rows["change of scale, in octaves"][1:] == ["0.03 0.07 0.12 0.20", "–", "–"]
    assert rows["mean overlap of boxes (mBOR)"] == ["0.00", "–", "0.07", "0.22"]
    assert load_footage_table(layout, []) is None
