"""Copies, pickles, configs and detectron2's own ways to a model with the plug-in."""

import copy
import io
import pickle

import numpy as np
import pytest
import torch
from detectron2.checkpoint import DetectionCheckpointer
from detectron2.config import get_cfg
from detectron2.engine import DefaultPredictor, DefaultTrainer
from detectron2.modeling import GeneralizedRCNN, build_model
from detectron2.utils.events import EventStorage

from tests.helpers.plugin_models import image, play, small, stirred, training_input
from tpr.detectron2_plugin import TemporalBackbone, follow, use_tpr
from tpr.detectron2_plugin.model import Following


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return stirred(build_model(use_tpr(small())))


def copied(model):
    return copy.deepcopy(model)


def pickled(model):
    return pickle.loads(pickle.dumps(model))


def saved(model):
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@pytest.mark.parametrize("make", [copied, pickled, saved])
def test_a_copy_has_a_state_of_its_own(model, make):
    with EventStorage():  # gates that a step left have a graph
        model.train()([training_input() | {"reference": image(1)}])
    model.eval()
    wanted = play(model, [0, 1], "a")
    other = make(model)
    going_on = play(other, [2], "a")
    play(other, [5, 6], "b")
    assert torch.equal(play(model, [2], "a")[0], going_on[0])
    assert all(map(torch.equal, play(other, [0, 1], "c"), wanted))
    with EventStorage():
        losses = other.train()([training_input() | {"reference": image(1)}])
    assert other.backbone.refined and "loss_budget" in losses and not model.training
    assert other.state_dict().keys() == model.state_dict().keys()
    assert isinstance(other, GeneralizedRCNN)


def test_inference_called_directly_follows_videos_and_leaves_images_single(model):
    model.eval()
    model.backbone.reset()
    wanted = play(model, [0, 1], "a")
    (single,) = play(model, [1], None)
    found = []
    with torch.no_grad():
        for entry in ({"video_id": "b"}, {"video_id": "b"}, {}):
            seed = min(len(found), 1)
            model.inference([{"image": image(seed)} | entry], do_postprocess=False)
            found.append(model.backbone.previous.pyramid["p3"])
    assert all(map(torch.equal, found, [*wanted, single]))


def test_configs_are_frozen_used_twice_written_and_merged(tmp_path):
    cfg = small("MeanBrightness")
    cfg.freeze()
    first = use_tpr(cfg)
    assert first.is_frozen() and not hasattr(cfg.MODEL, "TPR") and first is not cfg
    assert cfg.MODEL.BACKBONE.NAME == "build_resnet_fpn_backbone"
    assert use_tpr(use_tpr(first)) == first
    keys = build_model(first).state_dict().keys()
    assert build_model(use_tpr(first)).state_dict().keys() == keys

    open_cfg = small("MeanBrightness")
    assert use_tpr(open_cfg) is open_cfg
    open_cfg.MODEL.TPR.CPR, open_cfg.MODEL.TPR.ROWS = False, (3, 2)
    written = tmp_path / "config.yaml"
    written.write_text(open_cfg.dump())
    again = use_tpr(get_cfg())
    again.merge_from_file(str(written))
    unknown = get_cfg()
    unknown.set_new_allowed(True)
    unknown.merge_from_file(str(written))
    for read in (use_tpr(again), use_tpr(unknown)):
        model = build_model(read)
        assert model.backbone.temporal.cpr is None and isinstance(model, Following)
        assert read.MODEL.TPR.BACKBONE == "build_resnet_fpn_backbone"

    base = use_tpr(get_cfg())
    base.merge_from_other_cfg(use_tpr(small("MeanBrightness")))
    base.MODEL.BACKBONE.NAME = "build_resnet_fpn_backbone"  # as a file that is merged later says
    assert build_model(use_tpr(base)).state_dict().keys() == keys


def test_configs_and_checkpoints_of_earlier_versions(tmp_path):
    """Those had neither VIDEOS nor an architecture of the plug-in's."""
    cfg = use_tpr(small("MeanBrightness"))
    cfg.MODEL.META_ARCHITECTURE = cfg.MODEL.TPR.pop("META_ARCHITECTURE")
    del cfg.MODEL.TPR["VIDEOS"]
    model = follow(build_model(cfg))
    prefixes = {".".join(key.split(".")[:2]) for key in model.state_dict()}
    assert prefixes == {"backbone.backbone", "backbone.temporal"}
    assert follow(model) is model and type(follow(model)) is type(model)
    cfg.MODEL.TPR.BACKBONE = "build_tpr_backbone"
    with pytest.raises(ValueError, match="MODEL.TPR.BACKBONE: names TPR's own builder"):
        build_model(cfg)


def test_detectron2s_predictor_trainer_and_checkpointer(tmp_path):
    cfg = use_tpr(small())
    cfg.OUTPUT_DIR = str(tmp_path)
    plain = build_model(small())
    DetectionCheckpointer(plain, str(tmp_path)).save("plain")
    cfg.MODEL.WEIGHTS = str(tmp_path / "plain.pth")
    predictor = DefaultPredictor(cfg)
    loaded = predictor.model.backbone.backbone.state_dict()
    assert all(torch.equal(loaded[k], v) for k, v in plain.backbone.state_dict().items())
    for size in ((64, 96), (96, 64)):  # of the one nothing is left when the other comes
        assert "instances" in predictor(np.zeros((*size, 3), np.uint8))
        assert not predictor.model.backbone.refined
    cfg.freeze()
    assert isinstance(DefaultTrainer.build_model(use_tpr(cfg)).backbone, TemporalBackbone)
