"""The generator of mini data: determinism, format, masks, degradations and exact flow."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from tpr.data.mini import (
    CATEGORIES,
    SplitSettings,
    fingerprint,
    flow,
    flow_valid,
    generate,
    resolve,
)
from tpr.data.mini.__main__ import main
from tpr.data.mini.annotate import video_files
from tpr.data.mini.degrade import degraded_frames
from tpr.data.mini.settings import video_rng
from tpr.data.mini.video import MIN_VISIBLE, make_video

SPLITS = {"train": {"videos": 3}, "images": {"videos": 4}}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("mini") / "data"
    return out, generate(out, SPLITS, seed=5)


def test_same_seed_same_bytes_for_any_number_of_workers(made, tmp_path):
    assert generate(tmp_path / "again", SPLITS, seed=5, workers=2) == made[1]
    assert generate(tmp_path / "other", {"train": {"videos": 1}}, seed=6) != made[1]


def test_videos_do_not_depend_on_other_splits_or_counts(made, tmp_path):
    generate(tmp_path / "d", {"train": {"videos": 2}}, seed=5)
    for name in ("00000/00003.jpg", "00001/00007.jpg"):
        ours, theirs = (d / "frames/train" / name for d in (tmp_path / "d", made[0]))
        assert ours.read_bytes() == theirs.read_bytes()


def test_finished_data_is_kept_and_anything_else_refused(made, tmp_path):
    out, print_ = made
    assert generate(out, SPLITS, seed=5) == print_ == fingerprint(out)
    with pytest.raises(ValueError, match="other settings"):
        generate(out, SPLITS, seed=6)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="not a finished data set"):
        generate(tmp_path, SPLITS, seed=5)


def test_failed_generation_leaves_nothing(tmp_path):
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path / "d", SPLITS, seed=5, progress=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("bad", [{"videos": -1}, {"frames": 3}, {"videos": 1, "colour": 2}])
def test_bad_settings_are_named(tmp_path, bad):
    with pytest.raises(ValueError, match="mini data"):
        generate(tmp_path / "d", {"train": bad}, seed=0)


@pytest.mark.parametrize("split", ["train", "images"])
def test_json_is_youtube_vis(made, split):
    data = json.loads((made[0] / f"{split}.json").read_text())
    assert [c["name"] for c in data["categories"]] == list(CATEGORIES)
    assert [v["id"] for v in data["videos"]] == list(range(1, len(data["videos"]) + 1))
    assert [a["id"] for a in data["annotations"]] == list(range(1, len(data["annotations"]) + 1))
    for video in data["videos"]:
        tracks = [a for a in data["annotations"] if a["video_id"] == video["id"]]
        assert tracks and len(video["generated"]["scale_change"]) == len(tracks)
        assert len(video["generated"]["overlap"]) == video["length"] == len(video["file_names"])
        for name in video["file_names"]:
            frame = cv2.imread(str(made[0] / "frames" / split / name))
            assert frame.shape == (video["height"], video["width"], 3)


def test_boxes_and_areas_are_those_of_the_masks(made):
    data = json.loads((made[0] / "train.json").read_text())
    for track in data["annotations"]:
        columns = [track[k] for k in ("segmentations", "bboxes", "areas")]
        assert [len(c) for c in columns] == [8, 8, 8] and any(columns[0])
        for rle, box, area in zip(*columns, strict=True):
            assert (rle is None) == (box is None) == (area is None)
            if rle:
                y, x = np.nonzero(coco_mask.decode(rle))
                assert area == len(x) and rle["size"] == [96, 160]
                assert box == [x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1]


def test_small_fragments_are_not_annotated():
    for index in range(6):
        video = make_video(SplitSettings(6), 1, "train", index)
        for actor, masks in zip(video.actors, video.masks, strict=True):
            assert any(m is not None for m in masks)
            for frame, mask, hidden in zip(video.frames, masks, video.hidden, strict=True):
                if mask is not None:
                    assert mask.sum() >= MIN_VISIBLE * frame.full_area[actor]
                    assert (
                        not (mask & ~frame.silhouettes[actor]).any() and not (mask & hidden).any()
                    )


def test_masks_of_one_frame_do_not_intersect():
    video = make_video(SplitSettings(1), 3, "val", 0)
    for masks in zip(*video.masks, strict=True):
        present = [m for m in masks if m is not None]
        assert not present or np.sum(present, axis=0).max() <= 1


def test_degradations_are_sparse_and_spare_the_first_frame():
    settings = SplitSettings(1)
    hits = np.array([degraded_frames(video_rng(0, "x", i, "d"), settings) for i in range(600)])
    assert not hits[:, 0].any() and abs(hits.mean() - 0.4) < 0.03
    triples = hits[:, :-2] & hits[:, 1:-1] & hits[:, 2:]
    assert triples.any(axis=1).mean() < 0.05
    single = SplitSettings(1, frames=1, degraded=0.25)
    rate = np.mean([degraded_frames(video_rng(0, "x", i, "d"), single)[0] for i in range(600)])
    assert abs(rate - 0.25) < 0.06


def test_degradation_changes_the_picture_and_severity_zero_does_not():
    strong, none = (make_video(SplitSettings(1, severity=s), 0, "train", 2) for s in (1.0, 0.0))
    for t, plan in enumerate(strong.plan):
        same = np.array_equal(strong.images[t], none.images[t])
        assert same == (plan is None)


@pytest.mark.parametrize("backward", [False, True])
def test_flow_warps_the_neighbouring_frame_onto_this_one(backward):
    settings = resolve({"train": {"videos": 8, "severity": 0}}, seed=0)
    y, x = np.mgrid[:96, :160].astype(np.float32)
    for index in range(6):
        frames = make_video(SplitSettings(8, severity=0), 0, "train", index).frames
        t, other = (3, 2) if backward else (3, 4)
        move = flow(settings, "train", index, t, backward=backward)
        valid = flow_valid(settings, "train", index, t, backward=backward)
        source = frames[other].rgb
        warped = cv2.remap(source, x + move[..., 0], y + move[..., 1], cv2.INTER_LINEAR)
        valid_object = valid & (frames[t].part > 0)
        for region in (valid, valid_object):
            error = np.abs(warped - frames[t].rgb)[region].mean()
            still = np.abs(source - frames[t].rgb)[region].mean()
            assert error < 8 and error < 0.4 * still
        assert valid.mean() > 0.5 and move.dtype == np.float32


def test_flow_refuses_frames_that_do_not_exist():
    settings = resolve({"train": {"videos": 1}}, seed=0)
    for split, index, t in (("val", 0, 0), ("train", 1, 0), ("train", 0, 7)):
        with pytest.raises(ValueError, match="mini data"):
            flow(settings, split, index, t)


def test_categories_all_occur_and_objects_are_large():
    job = {"videos": 60}
    tracks = [t for i in range(60) for t in video_files(("images", job, 0, i))[1]]
    assert len({t["category_id"] for t in tracks}) == len(CATEGORIES)
    assert 34 < np.median([t["areas"][0] ** 0.5 for t in tracks]) < 52


def test_command_line(tmp_path, capsys):
    out, picture = str(tmp_path / "d"), str(tmp_path / "s.png")
    assert main(["--out", out, "--train", "1", "--val", "0"]) == 0
    assert main(["sheet", out, "--out", picture]) == 0
    assert cv2.imread(picture).shape[1] == 8 * (2 * 160 + 3)
    assert main(["sheet", str(tmp_path / "none"), "--out", picture]) == 1
    assert "does not exist" in capsys.readouterr().err
