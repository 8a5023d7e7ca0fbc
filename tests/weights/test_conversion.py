"""Public checkpoints into our weights: every key accounted for, at full size and by command."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from experiments.declared.manifests import load_manifests
from experiments.pipeline.graph import Graph
from tests.helpers.parity import state
from tests.helpers.suite_helpers import REPOSITORY
from tpr.models.build import build_model, full_size
from tpr.weights import checkpoint
from tpr.weights.checkpoint_command import main
from tpr.weights.conversion import SOURCES
from tpr.weights.conversion.adelaidet import ADELAIDET
from tpr.weights.conversion.convert import convert
from tpr.weights.conversion.public import PUBLIC, own_parameters
from tpr.weights.conversion.rules import Pixels, Rule, Source
from tpr.weights.conversion.sipmask_vis import SIPMASK_VIS

SMALL = {
    "backbone": {"depths": [1, 1, 1, 1], "stem_channels": 4, "res2_channels": 4},
    "channels": 32,
}
NO_COUNTERPART = {"blendmask": 453_329, "masktrack": 4 * (1024 + 1) + (256 + 1)}  # parameters
RUNNING = re.compile(r".*\.(running_mean|running_var|num_batches_tracked)")


def key_list(name):
    return json.loads((REPOSITORY / "tests" / "data" / "keys" / f"{name}.json").read_text())


def converted(name, classes, p6_from):
    """A full-size conversion without numbers (tensors without storage), and the public shapes."""
    public = key_list(name)["keys"]
    method, backbone = name.split("-")
    with torch.device("meta"):
        theirs = {key: torch.empty(shape) for key, shape in public.items()}
        model = build_model(full_size(method, backbone, p6_from=p6_from), classes)
        return convert(theirs, model, SOURCES[method]), public


def parameters(state):
    """Number of elements without running statistics, which are no parameters."""
    return sum(np.prod(v, dtype=int) for k, v in state.items() if not RUNNING.fullmatch(k))


@pytest.mark.parametrize("model", PUBLIC, ids=lambda model: model.name)
def test_full_size_models_have_the_public_models_parameters(model):
    """And take every key; AdelaiDet's auxiliary semantic head has no counterpart, nor have
    MaskTrack R-CNN's box and mask of the background."""
    done, public = converted(f"{model.method}-{model.backbone}", model.classes, model.p6_from)
    assert not done.partial
    left_out = ("basis_module.seg_head.",)
    assert all(k.startswith(left_out) or k.endswith("num_batches_tracked") for k, _ in done.skipped)
    assert parameters(public) == model.parameters
    taken = parameters({k: tuple(v.shape) for k, v in done.state.items() if k not in done.fresh})
    # FCOS's scales are ones where the public model does without.
    scales = 5 if "head.fcos.scales" in done.state else 0
    assert taken - scales == model.parameters - NO_COUNTERPART.get(model.method, 0)
    assert own_parameters(model) == taken - scales
    assert bool(model.note) == (model.method in NO_COUNTERPART)


def test_rows_of_the_background_move_or_go():
    """mmdet's classes start with the background; detectron2's class scores end with it."""
    ours = small_model("masktrack")
    box = "head.roi_heads.box_predictor"
    theirs = {
        "bbox_head.fc_cls.bias": torch.tensor([9.0, 1, 2, 3]),
        "bbox_head.fc_reg.bias": torch.arange(16.0),
        "mask_head.conv_logits.bias": torch.tensor([9.0, 1, 2, 3]),
    }
    state = convert(theirs, ours, SOURCES["masktrack"]).state
    assert state[f"{box}.cls_score.bias"].tolist() == [1, 2, 3, 9]
    assert state[f"{box}.bbox_pred.bias"].tolist() == list(range(4, 16))
    assert state["head.roi_heads.mask_head.predictor.bias"].tolist() == [1, 2, 3]


def test_other_classes_and_another_p6_are_named_as_missing():
    done, _ = converted("blendmask-r50", 40, "res5")
    reasons = dict(done.missing)
    assert done.partial and set(reasons) == {
        "backbone.fpn.top_block.p6.weight",
        "head.fcos.cls_logits.weight",
        "head.fcos.cls_logits.bias",
    }
    assert reasons["head.fcos.cls_logits.bias"] == (
        "another number of classes: shape (80,), here (40,)"
    )
    assert reasons["backbone.fpn.top_block.p6.weight"].startswith("P6 is made from another level")


def test_every_key_of_the_file_is_used_or_skipped_once():
    done, public = converted("blendmask-r50", 40, "res5")
    named = [k for k, _ in done.used] + [k for k, _ in done.skipped]
    assert sorted(named) == sorted(public)


MANIFESTS = load_manifests(REPOSITORY / "experiments" / "manifests")
FULL = Graph(MANIFESTS.runs, MANIFESTS.profile("full"))
IMAGE_MODELS = {(r.head, r.backbone): name for name, r in MANIFESTS.runs.items()}


@pytest.mark.parametrize(("method", "backbone"), sorted(IMAGE_MODELS))
def test_weights_are_converted_for_the_model_of_profile_full(method, backbone):
    """Layer by layer, strides included, and by its parameters' shapes."""
    spec = FULL.train(IMAGE_MODELS[method, backbone], 0).spec["model"] | {"temporal": None}
    with torch.device("meta"):
        models = [build_model(s, 40) for s in (spec, full_size(method, backbone))]
    assert str(models[0]) == str(models[1])
    shapes = [{k: v.shape for k, v in model.state_dict().items()} for model in models]
    assert shapes[0] == shapes[1]


def small_model(method="blendmask", **changes):
    spec = full_size(method, "r50")
    backbone = spec["backbone"] | SMALL["backbone"]
    return build_model(spec | SMALL | {"backbone": backbone} | changes, 3)


def test_elements_of_a_tensor_are_filled_one_by_one():
    theirs = {f"bbox_head.scales.{i}.scale": torch.tensor(float(i)) for i in (0, 1, 3, 4, 5)}
    done = convert(theirs, small_model("sipmask"), SIPMASK_VIS)
    assert done.state["head.scales"].tolist() == [0, 1, 1, 3, 4]
    assert "head.scales[2]" in dict(done.missing) and "head.scales" not in dict(done.missing)
    assert done.skipped == [("bbox_head.scales.5.scale", "unused: head.scales has 5 elements")]


def test_a_key_without_a_rule_makes_a_load_partial():
    model = small_model()
    theirs = {f"x.{k}": v for k, v in model.state_dict().items()}
    source = Source((Rule(r"x\.(.*)", r"\1"),), Pixels((0, 0, 0), (1, 1, 1), False), {}, {})
    assert not convert(theirs, model, source).partial
    done = convert(theirs | {"momentum": torch.zeros(1)}, model, source)
    assert done.partial and done.unknown == ["momentum"] and not done.missing


def test_a_part_of_the_tracking_head_is_missing_but_none_of_it_is_fresh():
    model = small_model()
    theirs = {"track_head.sipmask_track.bias": torch.zeros(512)}
    missing = dict(convert(theirs, model, ADELAIDET).missing)
    assert "track_head.embed.weight" in missing
    done = convert({}, model, ADELAIDET)
    assert "track_head.embed.weight" in done.fresh
    assert not any(k.startswith("track_head") for k, _ in done.missing)


def test_the_first_convolution_takes_our_pixels():
    """Their normalised BGR image and our normalised RGB one give the same, off the border."""
    torch.manual_seed(0)
    theirs = small_model(pixel_std=[2.0, 3.0, 4.0])
    pixels = Pixels(mean=(100.0, 110.0, 120.0), std=(58.0, 57.0, 56.0), bgr=True)
    source = Source((Rule("(.*)", r"\1"),), pixels, {}, {})
    stem = theirs.backbone.fpn.bottom_up.stem.conv1
    stem.norm.running_mean.normal_()
    image = torch.randint(0, 256, (1, 3, 32, 32)).float()
    mean, std = (torch.tensor(x).view(3, 1, 1) for x in (pixels.mean, pixels.std))
    expected = stem(((image - mean) / std).flip(1))
    theirs.load_state_dict(convert(theirs.state_dict(), theirs, source).state)
    found = stem((image - theirs.pixel_mean) / theirs.pixel_std)
    torch.testing.assert_close(found[..., 2:-2, 2:-2], expected[..., 2:-2, 2:-2], rtol=0, atol=1e-3)


def test_the_command_refuses_a_partial_load_unless_asked(tmp_path, capsys, monkeypatch):
    spec = full_size("blendmask", "r50") | SMALL
    monkeypatch.setattr("tpr.weights.verify.full_size", lambda *_, **__: spec)
    path, out = tmp_path / "public.pth", tmp_path / "ours.pt"
    head = build_model(spec, 40).head
    tower = {k: v for k, v in head.fcos.state_dict().items() if k != "scales"}
    theirs = {f"proposal_generator.fcos_head.{k}": v for k, v in tower.items()}
    theirs |= {f"basis_module.{k}": v for k, v in head.basis.state_dict().items()}
    theirs["proposal_generator.fcos_head.ctrness.bias"] = torch.tensor([7.0])
    del theirs["proposal_generator.fcos_head.bbox_pred.weight"]
    torch.save({"model": theirs}, path)
    arguments = ["convert", str(path), "--method", "blendmask", "--backbone", "r50"]
    arguments += ["--out", str(out)]
    assert main(arguments) == 1
    printed, error = capsys.readouterr()
    assert re.match("error: .*public.pth fills the model only in part .*--pa", error)
    printed = printed.splitlines()
    assert "used     proposal_generator.fcos_head.ctrness.bias -> head.fcos.ctrness.bias" in printed
    assert "missing  head.fcos.bbox_pred.weight: not in the file" in printed
    assert f"{len(theirs)} used, 0 skipped, " in printed[-3] and not out.exists()
    main([*arguments, "--partial"])
    model = build_model(spec, 40)
    checkpoint.load_weights(model, out, missing=("track_head.",))
    assert model.head.fcos.ctrness.bias.tolist() == [7]


def test_the_module_is_the_command(tmp_path):
    command = [sys.executable, "-m", "tpr.checkpoint", "convert", str(tmp_path / "no.pth")]
    done = subprocess.run(
        [*command, "--method", "sipmask", "--backbone", "r50"],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"error: no checkpoint at {tmp_path / 'no.pth'}"


def test_reference_state_of_the_release_has_a_tracking_head():
    loaded = state("track_head_release/head_state.npz")
    theirs = {f"track_head.{k}": v for k, v in loaded.items()}
    done = convert(theirs, small_model(channels=64, track={}), ADELAIDET)
    assert [k for k, _ in done.used] == list(theirs)
