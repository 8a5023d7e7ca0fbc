"""Doses of one factor: what is measured of it follows, and all else is equal, video by video."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from tests.helpers.moving_world import MOVING
from tpr.data.mini import flow, resolve
from tpr.data.mini.__main__ import main
from tpr.data.mini.annotate import document, video_files
from tpr.data.mini.degrade import degrade, schedule
from tpr.data.mini.doses import FACTORS
from tpr.data.mini.doses import dosed as applied
from tpr.data.mini.generate import add, generate
from tpr.data.mini.moving import make_moving_scene
from tpr.data.mini.scene import Scene
from tpr.data.mini.settings import Dose, SplitSettings, split_settings, video_rng
from tpr.data.mini.video import Video, image_motion, make_video
from tpr.footage.measures import View
from tpr.footage.statistics import Statistics, statistics_of

SPLIT = replace(MOVING, severity=1.0, degraded=0.35)
DOSES = {
    "speed": (0.5, 1, 2),
    "scale": (1, 1.6, 3),
    "overlap": (0, 0.5, 1),
    "occlusion": (0, 0.5, 1.5),
    "degradation": (0, 0.5, 1.5),
    "distance": (0.5, 1, 2),
}


def dosed(factor: str, value: float) -> SplitSettings:
    return replace(SPLIT, dose=Dose(factor, value))


def statistics(settings: SplitSettings, videos: int) -> Statistics:
    entries: list[dict] = []
    tracks: list[dict] = []
    for index in range(videos):
        add(entries, tracks, *video_files(("val", asdict(settings), 3, index))[:2])
    return statistics_of(document(entries, tracks, "val"), View(96, (24, 48, 96, 192)))


def measured(factor: str, settings: SplitSettings) -> float:
    """What a dose of the factor is meant to change."""
    if factor in ("occlusion", "degradation"):
        videos = [make_video(settings, 3, "val", index) for index in range(6)]
        if factor == "occlusion":
            return float(np.mean([video.hidden for video in videos]))
        return float(np.mean([change(video) for video in videos]))
    if factor == "overlap":
        return statistics(settings, 40)["measures"]["box_overlap"]["mean"]
    found = statistics(settings, 12)["measures"]
    return found["scale_change" if factor == "scale" else "displacement_p3"]["quartiles"][1]


def change(video: Video) -> float:
    """Mean difference between the frames and the clean ones."""
    pairs = zip(video.images, video.frames, strict=True)
    return float(np.mean([np.abs(image - np.round(frame.rgb)).mean() for image, frame in pairs]))


@pytest.mark.parametrize("factor", FACTORS)
def test_what_is_measured_follows_the_dose(factor):
    found = [measured(factor, dosed(factor, value)) for value in DOSES[factor]]
    assert found == sorted(found) and found[-1] > 1.3 * found[0]


CHANGED = {
    "speed": {"position"},
    "scale": {"scale"},
    "overlap": {"position"},
    "occlusion": set(),
    "degradation": set(),
    "distance": {"position", "scale", "gait"},
}


def scene(settings: SplitSettings, index: int) -> Scene:
    return make_moving_scene(video_rng(3, "val", index, "scene0"), applied(settings))


def hits(settings: SplitSettings, index: int) -> list[bool]:
    """Which frames are degraded."""
    return list(map(bool, schedule(video_rng(3, "val", index, "degrade0"), applied(settings))))


@pytest.mark.parametrize("factor", FACTORS)
def test_all_else_is_equal(factor):
    """Objects, looks, backdrop and degraded frames; paths, sizes and limbs but for the factor's."""
    low, high = (dosed(factor, DOSES[factor][i]) for i in (0, -1))
    changed = set()
    for index in (0, 7, 11):  # the last two have several annotated objects
        one, other = scene(low, index), scene(high, index)
        assert np.array_equal(one.canvas, other.canvas)
        assert hits(low, index) == hits(high, index)
        for a, b in zip(one.actors, other.actors, strict=True):
            assert a.category == b.category
            for ours, theirs in zip(a.sprites, b.sprites, strict=True):
                assert all(map(np.array_equal, ours.levels, theirs.levels))
            names = ("position", "scale", "gait")
            changed |= {n for n in names if not np.array_equal(getattr(a, n), getattr(b, n))}
    assert changed == CHANGED[factor]


def test_noise_of_a_frame_does_not_depend_on_the_frames_before():
    settings = dosed("degradation", 1)
    for index in range(3):
        video = make_video(settings, 3, "val", index)
        stream = video_rng(3, "val", index, "degrade0")
        schedule(stream, settings)
        own = stream.spawn(8)
        for t in reversed(range(8)):
            motion = image_motion(video.scene, t)
            again, _ = degrade(video.frames[t].rgb, video.plan[t], own[t], motion)
            assert np.array_equal(again, video.images[t])


def test_one_is_the_split_itself():
    for factor in ("speed", "distance"):
        plain, same = (make_video(s, 3, "val", 1) for s in (SPLIT, dosed(factor, 1)))
        assert [p is None for p in plain.plan] == [p is None for p in same.plan]
        for ours, theirs in zip(plain.frames, same.frames, strict=True):
            assert np.array_equal(ours.rgb, theirs.rgb)


def test_flow_of_a_dose_is_its_own():
    fast, slow = (resolve({"val": dosed("speed", v)}, seed=3) for v in (2, 0.5))
    length = [np.hypot(*flow(s, "val", 1, 3).transpose(2, 0, 1)).mean() for s in (fast, slow)]
    assert length[0] > 1.3 * length[1]


@pytest.mark.parametrize(
    ("dose", "message"),
    [
        ({"factor": "haste", "value": 1}, "no dose of 'haste'; known: speed"),
        ({"factor": "speed"}, "dose of split 'val' needs 'value'"),
        ({"factor": "overlap", "value": 2}, r"a dose of overlap must be in \[0, 1\], not 2"),
    ],
)
def test_a_wrong_dose_is_named(dose, message):
    with pytest.raises(ValueError, match=message):
        split_settings("val", asdict(SPLIT) | {"dose": dose})
    with pytest.raises(ValueError, match="a dose of speed needs the setting 'motion'"):
        split_settings("val", {"videos": 1, "dose": {"factor": "speed", "value": 1}})


def test_the_command_renders_a_data_set_again_at_each_dose(tmp_path, capsys):
    data, out = tmp_path / "data", tmp_path / "doses"
    generate(data, {"val": replace(SPLIT, videos=2)}, seed=4)
    assert (
        main(["dose", str(data), "--factor", "speed", "--values", "0.5,2", "--out", str(out)]) == 0
    )
    made = [
        json.loads((out / f"speed-{value}" / "info.json").read_text()) for value in ("0.5", "2")
    ]
    assert [m["splits"]["val"]["dose"]["value"] for m in made] == [0.5, 2]
    assert made[0]["seed"] == 4 and (out / "speed-2" / "frames" / "val" / "00001").is_dir()
    assert len(capsys.readouterr().out.splitlines()) == 2
    wrong = ["dose", str(tmp_path), "--factor", "speed", "--values", "1", "--out", str(out)]
    assert main(wrong) == 1 and "no generated data set" in capsys.readouterr().err
