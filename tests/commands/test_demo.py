"""The demo on a model: its tracks are those of the suite's inference, its video can be played."""

import hashlib
import json
from dataclasses import replace
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

from baselines.registry import BASELINES
from experiments.declared.profiles import load_profile
from experiments.ship.ship_weights import MODEL_BYTES, is_generated, registry_of
from experiments.stages.layout import ROOT
from tests.helpers.full_networks import small_full
from tests.helpers.tiny import INFER
from tpr.data.clips import open_clip
from tpr.data.media.video_writer import VideoWriter
from tpr.demo import counted, main
from tpr.inference.gate_log import GateLog
from tpr.inference.online import load_model, track_videos
from tpr.inference.trained import WEIGHTS, find, load_trained
from tpr.models.build import build_model
from tpr.weights import checkpoint

PROFILES = ROOT / "experiments" / "manifests" / "profiles"


def frames_of(dataset):
    return dataset.frame_root / dataset.videos[0].file_names[0].split("/")[0]


def test_tracks_equal_those_of_inference(setting, tmp_path):
    dataset, path, record = setting
    out = tmp_path / "out.mp4"
    assert main([str(frames_of(dataset)), "--model", str(path), "--out", str(out)]) == 0
    model = load_model(record, len(dataset.categories), path.with_suffix(".pt"))
    expected = track_videos(model, dataset, dataset.videos[:1], INFER, GateLog())
    found = json.loads(out.with_suffix(".json").read_text())
    assert len(found) == len(expected) > 0
    for one, other in zip(found, expected, strict=True):
        assert one["segmentations"] == other["segmentations"]
        assert one["category_id"] == other["category_id"]
        assert one["score"] == pytest.approx(other["score"], abs=1e-6)


def test_side_by_side_with_gate_maps(setting, tmp_path):
    dataset, path, _ = setting
    out = tmp_path / "out.mp4"
    source = str(frames_of(dataset))
    arguments = ["--model", str(path), "--compare", str(path), "--gates", "--frames", "2"]
    assert main([source, *arguments, "--min-score", "0", "--out", str(out)]) == 0
    clip = open_clip(out)
    assert len(list(clip.frames())) == 2
    assert (clip.height, clip.width) == (320 + 18, 480 + 720 + 480)  # 64 x 96 frames, enlarged
    tracks = json.loads(out.with_suffix(".json").read_text())
    assert {len(track["segmentations"]) for track in tracks} == {2}


def test_without_a_video_a_clip_is_generated(setting, tmp_path):
    out = tmp_path / "out.mp4"
    assert main(["--model", str(setting[1]), "--frames", "2", "--out", str(out)]) == 0
    assert open_clip(out).length == 2


def test_errors_are_one_line(setting, tmp_path, capsys):
    source, out = str(frames_of(setting[0])), str(tmp_path / "out.mp4")
    assert main([source, "--model", "mini/nothing", "--out", out]) == 1
    assert capsys.readouterr().err.startswith("error: no trained model 'mini/nothing'; there are: ")
    damaged = tmp_path / "tiny.json"
    damaged.write_text(setting[1].read_text())
    (tmp_path / "tiny.pt").write_bytes(b"x")
    assert main([source, "--model", str(damaged), "--out", out]) == 1
    assert "tiny.pt: damaged (sha256 differs from tiny.json)" in capsys.readouterr().err
    assert not (tmp_path / "out.mp4").exists()


def write_pictures(folder, sizes):
    """Pictures called f1, f2, ... whose red grows."""
    folder.mkdir()
    for at, size in enumerate(sizes, 1):
        Image.new("RGB", size, (20 * at, 0, 0)).save(folder / f"f{at}.PNG")
    return folder


def demo(setting, source, out, *options):
    return main([str(source), "--model", str(setting[1]), "--out", str(out), *options])


def test_a_folder_plays_in_natural_order_and_what_happened_is_told(setting, tmp_path, capsys):
    source = write_pictures(tmp_path / "in", [(96, 64)] * 11 + [(48, 32)])
    (source / "._f1.PNG").write_bytes(b"from a Mac")
    assert demo(setting, source, tmp_path / "10:15.mp4", "--min-score", "2") == 0
    reds = [frame[30:, :, 0].mean() for frame in open_clip(tmp_path / "10:15.mp4").frames()]
    assert reds == sorted(reds) and len(reds) == 12
    told = capsys.readouterr().err
    assert f"note: {source}: left out hidden files: 1\n" in told
    assert f"note: {source}: frames scaled to the first one's 96 x 64: 1\n" in told


@pytest.mark.parametrize(("options", "count"), [((), 3), (("--frames", "2"), 2)])
def test_progress_ends_at_all_of_it(setting, tmp_path, capsys, options, count):
    source = write_pictures(tmp_path / "in", [(96, 64)] * 3)
    assert demo(setting, source, tmp_path / "out.mp4", *options) == 0
    last = capsys.readouterr().err.rstrip().split("\r")[-1]
    assert last.startswith("100%") and f"{count}/{count}" in last


def test_progress_ends_at_all_of_it_where_frames_are_missing(setting, tmp_path, capsys):
    """As a header that announces frames which cannot be decoded."""
    clip = replace(open_clip(write_pictures(tmp_path / "in", [(96, 64)] * 3)), length=50)
    assert len(list(counted(clip, None))) == 3
    assert "100%" in capsys.readouterr().err.rstrip().split("\r")[-1]


def changed(setting, folder, **entries):
    """The model's JSON with other entries."""
    path = folder / "changed.json"
    path.write_text(json.dumps(setting[2] | {"file": str(setting[1].with_suffix(".pt"))} | entries))
    return path


KNOWS = "knows only the animals and vehicles of generated videos"


def test_a_model_of_generated_videos_says_what_it_knows_of_real_ones(setting, tmp_path, capsys):
    source, out = write_pictures(tmp_path / "in", [(96, 64)]), ("--out", str(tmp_path / "out.mp4"))
    generated = str(changed(setting, tmp_path, generated=True))
    assert main([str(source), "--model", generated, *out]) == 0
    (line,) = (x for x in capsys.readouterr().err.splitlines() if KNOWS in x)
    assert line.startswith("note: changed ") and line.endswith("docs/own-annotations.md")
    assert main(["--frames", "1", "--model", generated, *out]) == 0  # a generated clip
    assert KNOWS not in capsys.readouterr().err
    assert main([str(source), "--model", str(setting[1]), *out]) == 0
    assert KNOWS not in capsys.readouterr().err


def test_models_say_what_each_of_them_knows(setting, tmp_path, capsys):
    source, out = write_pictures(tmp_path / "in", [(96, 64)]), ("--out", str(tmp_path / "out.mp4"))
    cells = str(changed(setting, tmp_path, generated=False, knows="cells of one recording"))
    shown = ("--model", "mini/blendmask-r50+tpr", "--compare", cells)
    assert main([str(source), *shown, *out]) == 0
    ending = "; how to train it on yours is in docs/own-annotations.md"
    assert [x for x in capsys.readouterr().err.splitlines() if "knows" in x] == [
        f"note: mini/blendmask-r50+tpr {KNOWS}{ending}",
        f"note: changed knows only cells of one recording{ending}",
    ]


def test_the_model_of_mini_is_one_of_generated_videos():
    assert json.loads(find("mini/blendmask-r50+tpr", WEIGHTS).read_text())["generated"] is True


def test_the_model_of_cells_knows_them_and_comes_with_the_licence_of_its_data():
    name = "cells/blendmask-r50+tpr"
    found, path = load_trained(name), find(name, WEIGHTS)
    assert (found.name, [one.name for one in found.categories]) == (name, ["cell"])
    assert found.knows == load_profile(PROFILES / "cells.yaml")[0].knows != ""
    assert path.with_suffix(".pt").stat().st_size < MODEL_BYTES
    assert "MIT License" in (WEIGHTS / "cells" / "LICENSE").read_text()


@pytest.mark.parametrize(
    "run", ["blendmask-r50+tpr", "sipmask-r50", "blendmask-r50+stsn+cpr", "masktrack-r50+tpr"]
)
def test_a_model_of_profile_full_plays(run, tmp_path, monkeypatch):
    """A random one, as `ship-weights` writes it, on networks that run in a second."""
    stage = small_full().evaluate(run, 0)
    torch.manual_seed(0)
    folder = tmp_path / "full" / "models"
    folder.mkdir(parents=True)
    categories = [{"id": i + 1, "name": f"class {i}"} for i in range(40)]
    weights = folder / f"{run}.pt"
    checkpoint.save_weights(
        build_model(stage.spec["model"], len(categories), temporal=BASELINES), weights
    )
    record = {
        "model": stage.spec["model"],
        "infer": stage.spec["infer"],
        "categories": categories,
        "generated": is_generated(stage.inputs["videos"]),
        "modules": registry_of(stage),
        "file": weights.name,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
    assert record["generated"] is False
    weights.with_suffix(".json").write_text(json.dumps(record))
    for module in ("tpr.demo", "tpr.inference.trained"):
        monkeypatch.setattr(f"{module}.WEIGHTS", tmp_path)
    monkeypatch.setattr("tpr.demo.load_trained", partial(load_trained, weights=tmp_path))
    source = write_pictures(tmp_path / "in", [(96, 64)] * 2)
    out = tmp_path / "out.mp4"
    assert main([str(source), "--model", f"full/{run}", "--out", str(out)]) == 0
    assert open_clip(out).length == 2


def test_no_input_is_overwritten(setting, tmp_path, capsys):
    clip = tmp_path / "mine.mp4"
    with VideoWriter(clip, Fraction(10)) as writer:
        writer.write(np.zeros((64, 96, 3), np.uint8))
    model = tmp_path / "tiny.json"
    model.write_text(setting[1].read_text())
    (tmp_path / "link.mp4").symlink_to(clip)
    before = clip.read_bytes(), model.read_text()
    for out in ("mine.mp4", "link.mp4", "tiny.mp4"):
        assert main([str(clip), "--model", str(model), "--out", str(tmp_path / out)]) == 1
        assert "is an input too and would be lost" in capsys.readouterr().err
    assert (clip.read_bytes(), model.read_text()) == before
    assert sorted(x.name for x in tmp_path.iterdir()) == ["link.mp4", "mine.mp4", "tiny.json"]


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ((2, 16370), "the output would be 2 x 16388 pixels, but H.264 takes at most 16384"),
        ((16386, 40), "the output would be 16386 x 58 pixels, but H.264 takes at most 16384"),
        ((2, 16000), "2 x 16000 is too long a shape"),
    ],
)
def test_what_cannot_be_written_or_seen_is_told_before_anything_is(
    setting, tmp_path, capsys, size, message
):
    source = write_pictures(tmp_path / "in", [size])
    assert demo(setting, source, tmp_path / "new" / "out.mp4") == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("size", [(1, 1), (3, 120), (200, 3)])
def test_tiny_and_long_frames_are_drawn(setting, tmp_path, size):
    source = write_pictures(tmp_path / "in", [size])
    assert demo(setting, source, tmp_path / "out.mp4", "--gates") == 0
