"""The demo on a model: its tracks are those of the suite's inference, its video can be played."""

import hashlib
import json

import pytest
import torch
from tiny import INFER, MODEL, make_dataset

from tpr import checkpoint
from tpr.data.clips import open_clip
from tpr.demo import main
from tpr.gate_log import GateLog
from tpr.infer import load_model, track_videos
from tpr.models.build import build_model


@pytest.fixture(scope="module")
def setting(tmp_path_factory):
    """A data set, and a random model's JSON file beside its weights."""
    folder = tmp_path_factory.mktemp("demo")
    dataset = make_dataset(folder / "data")
    torch.manual_seed(0)
    weights = folder / "tiny.pt"
    checkpoint.save_weights(build_model(MODEL, len(dataset.categories)), weights)
    record = {
        "model": MODEL,
        "infer": INFER,
        "categories": [vars(category) for category in dataset.categories],
        "file": weights.name,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
    path = folder / "tiny.json"
    path.write_text(json.dumps(record))
    return dataset, path, record


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
