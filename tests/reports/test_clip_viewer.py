"""The clip viewer's data: which clips, outlines of masks, and maps of gates."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from experiments.declared.tables import load_table
from reports.build import build
from reports.figures.videos.extreme_clips import extreme_clips, path
from reports.figures.videos.gate_play import by_level, gate_maps_in_clip
from reports.figures.videos.paired_runs import find_pair
from reports.page.categories import CategoryRow, category_table
from reports.page.latex import escaped, latex_table
from reports.page.rendering import script_data
from reports.page.table_cells import TableCells, TableRow
from reports.records.run_record import load_records
from tests.helpers.fake_records import record, write_manifest, write_record
from tests.helpers.finished_runs import RUNS, add_results, add_videos
from tests.helpers.tiny import INFER, MODEL
from tpr.data.rle import encode
from tpr.models.build import build_model
from tpr.weights import checkpoint


def square():
    mask = np.zeros((36, 64), bool)
    mask[8:24, 10:30] = True
    return mask


@pytest.fixture
def root(tmp_path):
    """The baseline finds the object of video 2, its variant that of video 1."""
    manifest = write_manifest(tmp_path)
    add_videos(tmp_path)
    for run, video in zip(RUNS, (2, 1), strict=True):
        track = {"video_id": video, "category_id": 1, "score": 0.9}
        track["segmentations"] = [encode(square())] * 2
        write_record(tmp_path, record(run, 0, 30.0))
        add_results(tmp_path, run, json.dumps([track]))
    return tmp_path, manifest


def test_the_largest_gain_and_the_largest_loss_are_chosen(root):
    records, _ = load_records(root[0] / "results/mini/records", "mini")
    pair = find_pair(root[0] / "runs" / "mini", load_table(root[1]), records)
    gain, loss = extreme_clips(pair)
    assert (gain.index, loss.index) == (0, 1)
    assert gain.ap == pytest.approx((0, 100)) and loss.ap == pytest.approx((100, 0))
    assert gain.words == "largest gain: AP 0.0 and 100.0, +100.0"


def test_clips_are_kept_when_the_runs_are_gone(root):
    page = build("mini", root[0]).read_text()
    clips = (root[0] / "reports/mini/figures/clips.jsonl").read_text().splitlines()
    first = json.loads(clips[0])
    assert len(clips) == 2 and len(first["frames"]) == 2 and first["gates"] == [{}, {}]
    assert list(first["tracks"]) == ["ground truth", *RUNS]
    assert [len(first["tracks"][name][0]) for name in first["tracks"]] == [1, 0, 1]
    (root[0] / "runs").rename(root[0] / "gone")
    assert build("mini", root[0]).read_text() == page


def test_an_outline_runs_around_the_mask():
    assert path(square()) == "M10.25 8.25L10.25 23.75L29.75 23.75L29.75 8.25Z"


def test_data_cannot_close_the_script(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"a": "</script>"}\n{"a": 2}\n')
    text = script_data(tmp_path / "x.jsonl")
    assert "<" not in text and json.loads(text) == [{"a": "</script>"}, {"a": 2}]


def test_gates_are_those_of_frames_with_a_reference_in_levels_of_the_paper(tiny_dataset, tmp_path):
    torch.manual_seed(0)
    temporal = {"name": "tpr", "dacr": {}, "cpr": {"rows": [1]}}
    spec = {"model": MODEL | {"temporal": temporal}, "infer": INFER | {"first_frame": "skip"}}
    model = build_model(spec["model"], len(tiny_dataset.categories))
    checkpoint.save_weights(model, tmp_path / "weights.pt")
    maps = gate_maps_in_clip(spec, tmp_path / "weights.pt", tiny_dataset, 1)
    assert 0 not in maps and set(maps) == set(range(1, tiny_dataset.videos[1].length))
    assert list(maps[1]) == [
        f"{kind} {k}" for kind in ("inner", "outer") for k in ("P3", "P5", "P6")
    ]
    assert all(0 <= one.min() and one.max() <= 1 for one in maps[1].values())
    assert maps[1]["outer P3"] == pytest.approx(torch.sigmoid(torch.tensor(1.0)).item())


def test_outer_gates_are_told_apart_by_the_order_of_levels():
    heard = [torch.full((1, 1, 1, 1), float(k)) for k in range(3, 8)]
    assert {k: x.item() for k, x in by_level(heard).items()} == {"p3": 3, "p5": 5, "p6": 6}


def test_latex_escapes_and_keeps_the_papers_columns():
    assert escaped("a_b & 5 % − ✓") == r"a\_b \& 5 \% $-$ $\checkmark$"
    row = TableRow(
        "a", ["R50"], True, "33.8", "22.2", "0.4", "1.0", ["45.0"], [], "–", "–", "", "0"
    )
    absent = replace(row, present=False, AP="not run", std="–")
    rows = [row, absent]
    table = TableCells("1a", "Table 1(a)", "t", ["Backbone"], ["AP50"], [], rows, "", [], [])
    text = latex_table(table, "mini", pd.DataFrame({"params": [1.25, math.nan]}))
    assert r"R50 & 33.8 & 22.2 $\pm$ 0.4 & -- & -- & 45.0 & 1.25 \\" in text
    assert r"R50 & 33.8 & not run & -- & -- & 45.0 & -- \\" in text and "profile mini" in text


def test_categories_are_means_over_seeds_and_unused_sizes_have_no_column(tmp_path):
    for seed, fish in ((0, 10.0), (1, 30.0)):
        raw = record("a", seed, 20.0)
        raw["evaluate"]["metrics"] |= {"per_category": {"fish": fish, "dog": None}, "APs": 20.0}
        write_record(tmp_path, raw)
    records, _ = load_records(tmp_path / "results/mini/records", "mini")
    found = category_table(records)
    assert (found.sizes, found.categories) == (["small"], ["fish", "dog"])
    assert found.rows == [CategoryRow("a", ["20.0", "20.0", "–"])]
