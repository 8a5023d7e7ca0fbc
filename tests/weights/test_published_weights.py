"""The list of public checkpoints, and the commands on it: list, verify, convert."""

import copy
import dataclasses
import hashlib
import json
import re

import pytest
import torch

from experiments.declared.manifests import load_manifests
from experiments.pipeline.graph import Graph
from tests.helpers.suite_helpers import REPOSITORY
from tests.weights.test_conversion import converted, key_list, small_model
from tpr.models.build import build_model, full_size
from tpr.weights import checkpoint, published, verify
from tpr.weights.checkpoint_command import main
from tpr.weights.conversion import SOURCES
from tpr.weights.conversion.convert import convert
from tpr.weights.published import PUBLISHED

MANIFESTS = load_manifests(REPOSITORY / "experiments" / "manifests")
PROFILE = MANIFESTS.profile("full")
PAGE = (REPOSITORY / "docs" / "full-scale.md").read_text(encoding="utf-8")


def test_the_profile_starts_from_files_of_the_list():
    wanted = PROFILE.data["pretrained"]
    assert {one.model: one.target for one in PUBLISHED if one.default} == wanted
    models = {run.image_model: run for run in MANIFESTS.runs.values()}
    for one in PUBLISHED:
        if one.model != "flownets":
            run = models[one.model]
            assert verify.METHODS.get(one.method, one.method) == run.head
            assert one.backbone == run.backbone
    assert set(models) | {"flownets"} == set(wanted)


def test_checksums_are_checksums_and_addresses_addresses():
    sums = {one.files: one.sha256 for one in PUBLISHED if one.sha256}.values()
    assert len(set(sums)) == len(sums) >= 7
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in sums)
    for one in PUBLISHED:
        assert one.url.startswith("https://") and one.stated_by.startswith("https://")
        assert one.size is None or 10**8 < one.size < 3 * 10**8


def test_the_page_has_the_whole_list():
    assert published.markdown() in PAGE


def converted_here(theirs, method, **options):
    """The conversion of shapes at full size."""
    with torch.device("meta"):
        state = {key: torch.empty(shape) for key, shape in theirs.items()}
        model = build_model(full_size(verify.METHODS.get(method, method), "r50", **options), 40)
        return convert(state, model, SOURCES[method])


def coco_sipmask():
    """SipMask-VIS's keys without its tracking head, with 80 classes and fourth convolutions."""
    keys = {k: s for k, s in key_list("sipmask-r50")["keys"].items() if "track" not in k}
    keys |= {k: [80, *s[1:]] for k, s in keys.items() if "fcos_cls" in k}
    for tower, place in (("cls_convs", 2), ("reg_convs", 3)):
        block = f"bbox_head.{tower}.{place}"
        keys |= {f"{block}.conv.weight": [256, 256, 3, 3]}
        keys |= {f"{block}.gn.weight": [256], f"{block}.gn.bias": [256]}
    return keys


def test_cocos_sipmask_starts_sipmask_as_in_sipmask_vis():
    """What SipMask-VIS's loose loading takes, and no key without a reason."""
    done = converted_here(coco_sipmask(), "sipmask", p6_from="p5")
    assert not done.unknown
    assert {name for name, _ in done.missing} == {"head.cls_logits.weight", "head.cls_logits.bias"}
    fourth = [key for key, why in done.skipped if why.startswith("COCO SipMask's fourth conv")]
    assert len(fourth) == 6 and all(re.search(r"cls_convs\.2|reg_convs\.3", k) for k in fourth)
    assert done.filled > 0.99
    assert all(name.startswith("track_head.") for name in done.fresh)


def test_detectron2s_mask_rcnn_starts_masktrack():
    """Its own model class's names; only what depends on the number of classes stays new."""
    done = converted_here(key_list("mask-rcnn-r50")["keys"], "mask-rcnn")
    assert not done.unknown and len(done.missing) == 6
    assert all(why.startswith("another number of classes") for _, why in done.missing)
    assert done.filled > 0.99


def test_the_profile_takes_the_public_p6_where_it_is_made_from_p5():
    """`p6_from: p5` of a backbone, or of a head, is all that changes."""
    public = converted("blendmask-r50", 40, "p5")[0]
    assert {name for name, _ in public.missing} == {
        "head.fcos.cls_logits.weight",
        "head.fcos.cls_logits.bias",
    }
    for place in ("backbones", "heads"):
        profile = copy.deepcopy(PROFILE)
        changed = profile.model["backbones"]["r50"]
        if place == "heads":
            changed = profile.model["heads"]["blendmask"].setdefault("backbone", {})
        changed["p6_from"] = "p5"
        spec = Graph(MANIFESTS.runs, profile).pretrain("blendmask-r50+tpr").spec["model"]
        with torch.device("meta"):
            shapes = {k: v.shape for k, v in build_model(spec, 40).state_dict().items()}
        fits = {k: v.shape for k, v in public.state.items() if k not in public.fresh}
        assert {k: shapes[k] for k in fits} == fits


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """A file of the list, of a small model, under a folder of its own."""
    own = small_model().state_dict()
    theirs = {f"backbone.{k}": v for k, v in small_model().backbone.fpn.state_dict().items()}
    head = "proposal_generator.fcos_head."
    theirs |= {k.replace("head.fcos.", head): v for k, v in own.items() if "head.fcos." in k}
    theirs.pop(head + "scales")
    path = tmp_path / "R_50_3x.pth"
    torch.save({"model": theirs, "scheduler": torch.optim.lr_scheduler.StepLR}, path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    entry = dataclasses.replace(PUBLISHED[0], size=path.stat().st_size, sha256=sha256)
    monkeypatch.setattr(published, "PUBLISHED", (entry, *PUBLISHED[1:]))
    monkeypatch.setattr(verify, "build_model", lambda *_: small_model())
    return path


def test_a_published_file_is_known_by_its_sum_under_any_name(tiny, tmp_path, capsys):
    tiny = tiny.rename(tmp_path / "download")
    assert main(["verify", str(tiny)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[2] == "  BlendMask R_50_3x, AdelaiDet, as published"
    assert re.match(r"  whole: \d+ tensors, [\d,]+ numbers, under model; ignored", printed[3])
    assert re.match(r"  fills \d\d\.\d% of the model of blendmask r50,", printed[4])
    out = tmp_path / "ours.pt"
    assert main(["convert", str(tiny), "--partial", "--out", str(out)]) == 0
    assert checkpoint.load(out).keys() >= {"head.fcos.cls_logits.weight"}


def test_a_published_file_is_not_converted_as_another_model(tiny, capsys):
    assert main(["convert", str(tiny), "--backbone", "r101"]) == 1
    error = capsys.readouterr().err
    assert "R_50_3x.pth is BlendMask R_50_3x, AdelaiDet: leave out --backbone" in error


def test_a_damaged_published_file_is_refused_by_verify_and_convert(tiny, tmp_path, capsys):
    whole = tiny.read_bytes()
    tiny.write_bytes(whole + b"x")
    line = f"R_50_3x.pth is not BlendMask R_50_3x, AdelaiDet: it has {len(whole) + 1:,} bytes, the"
    assert main(["verify", str(tiny)]) == 1
    assert line in capsys.readouterr().err
    out = tmp_path / "ours.pt"
    arguments = ["convert", str(tiny), "--method", "blendmask", "--backbone", "r50", "--partial"]
    assert main([*arguments, "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert line in error and "--other-sum" in error and not out.exists()
    assert main([*arguments, "--out", str(out), "--other-sum"]) == 0


def test_another_sum_is_told(tiny, capsys, monkeypatch):
    weights = checkpoint.load(tiny)["model"]
    torch.save({"model": {key: value + 1 for key, value in weights.items()}}, tiny)
    entry = dataclasses.replace(published.PUBLISHED[0], size=None)
    monkeypatch.setattr(published, "PUBLISHED", (entry, *PUBLISHED[1:]))
    assert main(["verify", str(tiny)]) == 1
    assert re.search("its sha256 is [0-9a-f]{64}, the published one's", capsys.readouterr().err)


def test_verify_goes_on_after_a_file_that_cannot_be_used(tiny, tmp_path, capsys):
    page = tmp_path / "page.pth"
    page.write_text("<html>", encoding="utf-8")
    assert main(["verify", str(page), str(tmp_path / "no.pth"), str(tiny)]) == 1
    printed, error = capsys.readouterr()
    assert printed.startswith(str(tiny)) and "page.pth is a web page" in error
    assert "no checkpoint at" in error and error.endswith("2 of 3 files cannot be used\n")


def test_a_file_outside_the_list_needs_its_method_to_be_converted(tmp_path, capsys):
    torch.save({"a": torch.ones(1)}, tmp_path / "mine.pth")
    assert main(["convert", str(tmp_path / "mine.pth")]) == 1
    assert "mine.pth is no file of the list: say --method and --backbone" in capsys.readouterr().err


@pytest.mark.parametrize(
    "state",
    [
        {"conv1_w": torch.ones(3)},
        {"pixel_mean": torch.ones(3)},
        {"proposal_generator.fcos_head.ctrness.bias": torch.ones(1)},
        {f"encoder.{i}.weight": torch.ones(9, 9) for i in range(50)},
    ],
    ids=["unknown", "left out", "one key", "another model"],
)
def test_partial_does_not_accept_a_file_of_which_almost_nothing_fits(tiny, tmp_path, capsys, state):
    path, out = tmp_path / "mine.pth", tmp_path / "ours.pt"
    torch.save({"model": state}, path)
    arguments = ["convert", str(path), "--method", "blendmask", "--backbone", "r50", "--partial"]
    assert main([*arguments, "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert re.search(
        r"mine.pth fills 0\.\d% of the model of blendmask r50, .* less than 10%", error
    )
    assert not out.exists()


@pytest.mark.parametrize("value", [torch.nan, -torch.inf, 1j])
def test_numbers_that_no_training_can_start_from_are_refused(tiny, tmp_path, capsys, value):
    path, out = tmp_path / "mine.pth", tmp_path / "ours.pt"
    content = torch.load(tiny, weights_only=False)
    key = "backbone.fpn_output3.weight"
    content["model"][key] = torch.full_like(content["model"][key] + value * 0, value)
    torch.save(content, path)
    convert = ["convert", str(path), "--method", "blendmask", "--backbone", "r50", "--partial"]
    for arguments in (["verify", str(path)], [*convert, "--out", str(out)]):
        assert main(arguments) == 1
        found = rf"complex numbers in 1 of the \d+ tensors that fit, the first {re.escape(key)}: "
        assert re.search(found, capsys.readouterr().err)
    assert not out.exists()


def test_a_file_is_not_converted_onto_itself(tiny, capsys):
    before = tiny.read_bytes()
    assert main(["convert", str(tiny), "--partial", "--out", str(tiny)]) == 1
    assert "is an input too and would be lost: choose another output" in capsys.readouterr().err
    assert tiny.read_bytes() == before


@pytest.mark.parametrize(("name", "backbone"), [("blendmask-r101", "r101"), ("yolact-r50", "r50")])
def test_a_file_outside_the_list_is_recognised_by_its_keys(tmp_path, name, backbone):
    keys = key_list(name)["keys"]
    state = {key: torch.empty(shape, device="meta") for key, shape in keys.items()}
    content = verify.Content({"model": state}, ())
    target = verify.guessed(content, tmp_path / "x", 40, "res5")
    assert (target.method, target.backbone, target.own) == (name.split("-")[0], backbone, False)


def test_the_list_is_for_people_and_for_programs(capsys):
    assert main(["list"]) == 0
    printed = capsys.readouterr().out
    assert all(one.url in printed and one.command() in printed for one in PUBLISHED)
    assert main(["list", "--json"]) == 0
    assert [one["url"] for one in json.loads(capsys.readouterr().out)] == [p.url for p in PUBLISHED]
