"""AP of packed weights: that of the results which inference writes with the same weights."""

import json
from types import SimpleNamespace

import pytest
import torch

from experiments.ship.packed_ap import packed_ap
from experiments.ship.ship_weights import pack
from experiments.stages.progress import QuietLog
from tests.helpers.tiny import INFER, MODEL, SPLIT
from tpr.data.mini import generate
from tpr.data.youtube_vis import YouTubeVIS
from tpr.evaluation.video_ap import evaluate
from tpr.inference.online import infer
from tpr.models.build import build_model
from tpr.weights import checkpoint
from tpr.weights.quantised import unpacked

SPEC = {"model": MODEL, "infer": INFER}


def evaluation(videos, record=None):
    """An evaluation stage of the tiny model."""
    stage = SimpleNamespace(folder=lambda layout: videos)
    return SimpleNamespace(spec=SPEC, inputs={"videos": stage}, record=lambda layout: record)


def results(videos, weights, out):
    """Results that inference writes."""
    dataset = YouTubeVIS(videos / "val.json", videos / "frames" / "val")
    out.mkdir()
    infer(SPEC, dataset, weights, out, QuietLog())
    return json.loads((out / "results.json").read_text())


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """Weights of an image model, and of a model that was trained from it a little."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    model = build_model(MODEL, 10)
    checkpoint.save_weights(model, folder / "base.pt")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.01 * torch.randn_like(parameter)
    checkpoint.save_weights(model, folder / "trained.pt")
    return folder


@pytest.fixture(scope="module")
def videos(tmp_path_factory, states):
    """Videos whose true tracks are what the model finds, so that its AP is not 0."""
    folder = tmp_path_factory.mktemp("packed")
    generate(folder / "videos", {"val": SPLIT}, seed=0)
    found = results(folder / "videos", states / "trained.pt", folder / "out")
    path = folder / "videos" / "val.json"
    truth = json.loads(path.read_text())
    truth["annotations"] = [
        {"id": number, "iscrowd": 0, "areas": [100] * SPLIT["frames"]} | one
        for number, one in enumerate(found, 1)
    ]
    path.write_text(json.dumps(truth))
    return folder / "videos"


@pytest.mark.parametrize("over_base", [True, False])
def test_packed_weights_are_evaluated_as_they_are_read_back(videos, states, over_base, tmp_path):
    base = states / "base.pt" if over_base else None
    pack(states / "trained.pt", base, tmp_path / "packed.pt")
    record = {"metrics": {"AP": 12.5}}
    found = packed_ap(evaluation(videos, record), None, tmp_path / "packed.pt", base)

    start = checkpoint.load(base) if base else {}
    torch.save(unpacked(checkpoint.load(tmp_path / "packed.pt"), start), tmp_path / "whole.pt")
    results(videos, tmp_path / "whole.pt", tmp_path / "out")
    expected = evaluate(videos / "val.json", tmp_path / "out" / "results.json").stats["AP"]
    assert found["AP"] == pytest.approx(100 * expected, abs=0.01) and expected > 0
    assert found["AP_before_packing"] == 12.5 and found["videos"] == SPLIT["videos"]


def test_without_a_record_there_is_no_ap_before_packing(videos, states):
    found = packed_ap(evaluation(videos), None, states / "trained.pt", None)
    assert found["AP"] > 0 and found["AP_before_packing"] is None


def test_without_ground_truth_there_is_nothing_to_tell(tmp_path, states):
    assert packed_ap(evaluation(tmp_path), None, states / "trained.pt", None) is None
