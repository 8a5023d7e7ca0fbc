"""The generated world that moves as footage does, and the plain one beside it, which stays."""

from __future__ import annotations

from dataclasses import asdict, replace

import cv2
import numpy as np
import pytest

from tests.helpers.moving_world import MOTION, MOVING
from tpr.data.mini import flow, flow_valid, resolve
from tpr.data.mini.annotate import document, video_files
from tpr.data.mini.generate import add
from tpr.data.mini.moving import make_moving_scene
from tpr.data.mini.scene import Scene
from tpr.data.mini.settings import SplitSettings, split_settings, video_rng
from tpr.data.mini.video import make_video
from tpr.footage.measures import View
from tpr.footage.statistics import statistics_of


def scene(index: int, settings: SplitSettings = MOVING) -> Scene:
    return make_moving_scene(video_rng(7, "val", index, "scene0"), settings)


@pytest.mark.parametrize(
    ("split", "index", "areas", "brightness"),
    [
        ("train", 0, [38485], 93.13),
        ("train", 1, [31077, 20667], 100.44),
        ("val", 0, [17861], 76.33),
        ("images", 3, [220, 2092], 65.51),
    ],
)
def test_the_plain_world_is_as_it_was(split, index, areas, brightness):
    video = make_video(split_settings(split, {"videos": 9}), 5, split, index)
    found = [sum(int(m.sum()) for m in masks if m is not None) for masks in video.masks]
    assert found == pytest.approx(areas, rel=0.002)  # processors differ in a pixel here and there
    assert np.mean(video.images) == pytest.approx(brightness, abs=0.1)
    assert resolve({split: {"videos": 9}}, 5)["splits"][split].keys() == {
        *("videos", "frames", "height", "width", "severity", "degraded", "jpeg_quality")
    }


@pytest.mark.parametrize("step", [1, -1, 3])
def test_exact_flow_warps_other_frames_onto_this_one(step):
    settings = resolve({"val": asdict(MOVING)}, seed=0)
    y, x = np.mgrid[:96, :160].astype(np.float32)
    for index in range(5):
        frames = make_video(MOVING, 0, "val", index).frames
        t, other = 3, 3 + step
        move = flow(settings, "val", index, t, other=other)
        valid = flow_valid(settings, "val", index, t, other=other)
        source = frames[other].rgb
        warped = cv2.remap(source, x + move[..., 0], y + move[..., 1], cv2.INTER_LINEAR)
        for region in (valid, valid & (frames[t].part > 0)):
            error = np.abs(warped - frames[t].rgb)[region].mean()
            still = np.abs(source - frames[t].rgb)[region].mean()
            assert error < 8 and error < 0.4 * still
        assert valid.mean() > 0.3


def test_its_statistics_are_those_of_footage():
    videos: list[dict] = []
    annotations: list[dict] = []
    job = asdict(replace(MOVING, severity=1.0, degraded=0.35))
    for index in range(80):
        add(videos, annotations, *video_files(("val", job, 0, index))[:2])
    found = statistics_of(document(videos, annotations, "val"), View(96, (24, 48, 96, 192)))
    median = {k: m["quartiles"][1] for k, m in found["measures"].items()}
    mean = {k: m["mean"] for k, m in found["measures"].items()}
    assert 0.65 < median["displacement_own_level"] < 1.1 and 1.7 < median["displacement_p3"] < 2.6
    assert 0.06 < mean["box_overlap"] < 0.14 and 0.5 < median["centred_iou"] < 0.7
    assert 40 < median["size"] < 55 and mean["presence"] > 0.85


def test_the_view_never_leaves_the_painted_canvas():
    corners = np.array([[0, 0], [160, 0], [0, 96], [160, 96]])
    wild = replace(MOVING, motion=replace(MOTION, pan=20, sway=30))
    for settings in (MOVING, wild):
        for index in range(30):
            camera = scene(index, settings).camera
            for t in range(8):
                view = camera.map(t)
                world = np.linalg.solve(view[:, :2], (corners - view[:, 2]).T).T
                assert (np.abs(world) <= [160, 96]).all()


CHANGES = {"speed": 12, "pan": 0, "sway": 0, "growth": 1.5, "gait": 1}


@pytest.mark.parametrize("name", CHANGES)
def test_another_motion_shows_the_same_things(name):
    changed = replace(MOVING, motion=replace(MOTION, **{name: CHANGES[name]}))
    for index in range(3):
        one, other = scene(index), scene(index, changed)
        assert np.array_equal(one.canvas, other.canvas)
        assert [a.category for a in one.actors] == [a.category for a in other.actors]
        for a, b in zip(one.actors, other.actors, strict=True):
            for ours, theirs in zip(a.sprites, b.sprites, strict=True):
                assert all(map(np.array_equal, ours.levels, theirs.levels))
            same = {
                "growth": np.array_equal(a.scale, b.scale),
                "gait": np.array_equal(a.gait, b.gait),
            }
            assert same == {key: key != name for key in same}


def test_objects_turn_round_to_look_where_they_go():
    turned = 0
    for index in range(40):
        for actor in scene(index).actors:
            turned += len(set(np.sign(actor.facing))) == 2
            assert (np.abs(actor.facing) <= 1).all() and (np.abs(actor.facing) > 0.5).all()
    assert turned > 10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"haste": 1}, "unknown setting 'haste' of motion of split 'val'"),
        ({"growth": 0.5}, r"motion's growth must be in \[1, 4\], not 0.5"),
        ({"speed": None}, "motion of split 'val' needs 'speed'"),
    ],
)
def test_a_wrong_motion_is_named(change, message):
    motion = {k: v for k, v in (asdict(MOTION) | change).items() if v is not None}
    with pytest.raises(ValueError, match=message):
        split_settings("val", {"videos": 1, "motion": motion})
