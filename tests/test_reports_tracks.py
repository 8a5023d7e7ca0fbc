"""The contact sheet on the page: drawn while results are at hand, kept when they are gone."""

import json

import numpy as np
from fake_records import DATASET, key, record, write_manifest, write_record
from PIL import Image

from reports.build import build
from reports.figures.paired_runs import find_pair
from reports.figures.track_sheet import spread
from reports.paper.published_tables import load_table
from reports.records.run_record import load_records
from tpr.data.rle import encode

RUNS = ("blendmask-r50", "blendmask-r50+tpr")


def finished(root, stage, name, stage_key):
    folder = root / "runs" / "mini" / f"{stage}-{name}{stage_key[:12]}"
    folder.mkdir(parents=True)
    (folder / "record.json").write_text(json.dumps({"key": stage_key}))
    return folder


def add_videos(root):
    """Two grey videos of two frames, with a square each."""
    folder = finished(root, "videos", "", key("videos", DATASET))
    mask = np.zeros((36, 64), bool)
    mask[8:24, 10:30] = True
    videos, annotations = [], []
    for number in (1, 2):
        names = [f"{number}/{t}.jpg" for t in range(2)]
        (folder / "frames" / "val" / str(number)).mkdir(parents=True)
        for name in names:
            Image.new("RGB", (64, 36), (90, 90, 90)).save(folder / "frames" / "val" / name)
        video = {"id": number, "width": 64, "height": 36, "length": 2, "file_names": names}
        track = {"id": number, "video_id": number, "category_id": 1, "iscrowd": 0}
        track |= {"segmentations": [encode(mask)] * 2, "bboxes": [None] * 2, "areas": [None] * 2}
        videos.append(video)
        annotations.append(track)
    content = {"videos": videos, "annotations": annotations}
    content["categories"] = [{"id": 1, "name": "fish"}]
    (folder / "val.json").write_text(json.dumps(content))


def add_results(root, run, text="[]"):
    folder = finished(root, "evaluate", f"{run}-seed0-", key("evaluate", f"{run}-seed0"))
    (folder / "results.json").write_text(text)


def suite(root):
    write_manifest(root)
    add_videos(root)
    for run in RUNS:
        write_record(root, record(run, 0, 30.0))
        add_results(root, run)


def test_picture_is_drawn_and_kept_when_the_runs_are_gone(tmp_path):
    suite(tmp_path)
    page = build("mini", tmp_path).read_text()
    picture = tmp_path / "reports/mini/figures/tracks-1a.jpg"
    assert Image.open(picture).width > 400
    assert "Predicted tracks" in page
    drawn = picture.read_bytes()
    (tmp_path / "runs").rename(tmp_path / "gone")
    assert build("mini", tmp_path).read_text() == page
    assert picture.read_bytes() == drawn


def test_broken_results_are_a_line_on_the_page_not_a_crash(tmp_path):
    suite(tmp_path)
    folder = next((tmp_path / "runs" / "mini").glob("evaluate-blendmask-r50-seed0-*"))
    (folder / "results.json").write_text("{")
    assert "Table 1(a), no figure of tracks:" in build("mini", tmp_path).read_text()


def test_pair_is_the_claim_whose_results_are_at_hand(tmp_path):
    suite(tmp_path)
    for run in ("blendmask-r101", "blendmask-r101+tpr"):
        write_record(tmp_path, record(run, 0, 30.0))
    table = load_table(write_manifest(tmp_path))
    records, _ = load_records(tmp_path / "results" / "mini" / "records", "mini")
    assert find_pair(tmp_path / "runs" / "mini", table, records).runs == RUNS
    assert find_pair(tmp_path / "nowhere", table, records) is None


def test_videos_are_spread_evenly():
    assert spread(list(range(200)), 3) == [33, 100, 166]
    assert spread([5], 3) == [5]
    assert spread([], 3) == []
