"""Trials: a profile made small under its own name, and what they do where nothing is there."""

import json

import pytest
import torch

from experiments.declared.manifests import load_manifests
from experiments.declared.trial import notes, trial
from experiments.pipeline import image_weights
from experiments.pipeline.graph import Graph
from experiments.pipeline.stage_bodies import BODIES, dataset
from experiments.stages.progress import Log, QuietLog
from experiments.terminal import options
from reports.claims.verdicts import REPRODUCED, Verdict, wording
from reports.records.profile_manifest import load_about
from tests.helpers.suite_helpers import make_root, suite
from tests.helpers.tiny import MODEL
from tpr.models.build import build_model
from tpr.training.loop import NEW_MODULES
from tpr.weights import checkpoint

GENERATED = {"seed": 0, "videos": 4, "frames": 2, "height": 64, "width": 96}
SPEC = {"dataset": "ytvis2019", "holdout_videos": 2, "limit_videos": 2, "generated": GENERATED}


@pytest.fixture
def manifests(tmp_path):
    return load_manifests(make_root(tmp_path) / "experiments" / "manifests")


def small(manifests, name="full", **options):
    chosen = {"videos": 4, "frames": None, "iterations": 4, "data_root": None, "on_gpus": True}
    chosen |= options
    return trial(manifests.profile(name), **chosen)


def test_a_trial_of_full_keeps_the_networks_and_shrinks_data_and_schedule(manifests):
    full, profile = manifests.profile("full"), small(manifests)
    assert profile.name == "full-trial" and profile.seeds == [0]
    assert profile.model == full.model and profile.infer == full.infer
    changed = {k for k in full.train if full.train[k] != profile.train[k]}
    assert changed == {"iterations", "batch_size", "checkpoint_every", "log_every"}
    assert profile.train["iterations"] == 4
    data = profile.data
    assert (data["limit_videos"], data["holdout_videos"]) == (4, 4)
    assert data["generated"] == {"seed": 0, "videos": 8, "frames": 3, "height": 360, "width": 640}


def test_a_trial_may_have_few_frames_a_video(manifests, tmp_path):
    assert small(manifests, frames=2).data["limit_frames"] == 2
    short = small(manifests, "smoke", frames=2, videos=None).data["videos"]
    assert {split["frames"] for split in short.values()} == {2}
    BODIES["videos"](SPEC | {"limit_frames": 1}, {}, tmp_path, Log(tmp_path))
    assert [v.length for v in dataset(tmp_path, "train").videos] == [1, 1]


def test_off_gpus_a_trial_trains_in_single_precision(manifests):
    profile = small(manifests, on_gpus=False)
    assert profile.train["precision"] == "fp32"
    assert "TRIAL precision: fp32, without GPUs" in notes(profile)
    assert small(manifests).train["precision"] == "bf16"


def test_a_trial_shares_no_key_and_no_folder_with_the_profile(manifests):
    stages = [
        Graph(manifests.runs, p).evaluate("blendmask-r50+tpr", 0)
        for p in (manifests.profile("full"), small(manifests))
    ]
    both = [{stage.key, *stage.inputs["train"].input_keys.values()} for stage in stages]
    assert not both[0] & both[1] and [s.profile for s in stages] == ["full", "full-trial"]


def test_public_weights_in_the_data_folder_are_taken_the_others_named(manifests, tmp_path):
    (tmp_path / "coco-yolact-r50.pt").touch()
    profile = small(manifests, data_root=str(tmp_path))
    weights = profile.data["pretrained"]
    assert weights["yolact-r50"] == "coco-yolact-r50.pt" and weights["sipmask-r50"] is None
    assert "generated" not in profile.data
    said = "\n".join(notes(profile))
    assert "its numbers mean nothing" in said
    assert "SEEDED INITIAL WEIGHTS" in said and "sipmask-r50" in said and "yolact" not in said


def test_a_trial_of_a_generated_profile_has_fewer_videos(manifests):
    data = small(manifests, "smoke", videos=2, iterations=None).data
    assert [split["videos"] for split in data["videos"].values()] == [2, 2]


def test_its_folders_are_its_own(tmp_path):
    root = make_root(tmp_path)
    status, output = suite(root, "blendmask-r50", "--limit-videos", "2", "--max-iter", "3")
    assert status == 0 and "TRIAL smoke-trial: its numbers mean nothing." in output, output
    assert (root / "results/smoke-trial/records/blendmask-r50-seed0.json").is_file()
    assert not (root / "runs/smoke").exists() and not (root / "results/smoke").exists()
    _, output = suite(root, "status", "blendmask-r50", "--limit-videos", "2", "--max-iter", "3")
    assert output.splitlines()[-1] == "Stages: 5 done"


def test_the_report_calls_it_a_trial_and_judges_nothing(manifests):
    assert load_about(manifests.folder, "full-trial").startswith("A trial of the profile full:")
    assert wording("full-trial", Verdict(REPRODUCED)) == "meaningless (full-trial)"


def test_generated_videos_pass_for_a_youtube_vis_archive(tmp_path):
    for _ in range(2):  # a stage may be killed and start anew
        found = BODIES["videos"](SPEC, {}, tmp_path, Log(tmp_path))
    assert (tmp_path / "source/train/JPEGImages").is_dir()
    assert found["validation"] == "hold-out"
    assert (found["train_videos"], found["val_videos"]) == (2, 2)
    index = json.loads((tmp_path / "index.json").read_text())
    assert index["sources"]["train"]["json"] == "train.json"
    assert (len(dataset(tmp_path, "train")), len(dataset(tmp_path, "val"))) == (2, 2)


def test_untrained_weights_have_the_norms_of_the_frames(tmp_path, tiny_dataset):
    """The backbone's features, else growing from block to block, keep to the frames' scale."""
    image_weights.initial_weights({"model": MODEL, "seed": 0}, tiny_dataset, tmp_path, QuietLog())
    model = build_model(MODEL, len(tiny_dataset.categories))
    checkpoint.load_weights(model, tmp_path / "weights.pt", missing=NEW_MODULES)
    norm = model.backbone.fpn.bottom_up.stem.conv1.norm
    seen = []
    norm.register_forward_hook(lambda module, inputs, output: seen.append(output.clone()))
    with torch.no_grad():
        model.eval().frames(image_weights.first_frames(tiny_dataset))
    assert seen[0].mean((0, 2, 3)).abs().max() < 0.05
    assert (seen[0].var((0, 2, 3)) - 1).abs().max() < 0.05


def test_public_weights_are_checked_before_anything_is_trained(tmp_path, tiny_dataset):
    path = tmp_path / "public.pt"
    model = build_model(MODEL, len(tiny_dataset.categories))
    checkpoint.save_weights(model, path, without=NEW_MODULES)
    found = image_weights.public_weights({"model": MODEL}, tiny_dataset, path, tmp_path)
    assert found["weights"] == "public.pt" and len(found["sha256"]) == 64
    other = build_model(MODEL, len(tiny_dataset.categories) + 1)
    checkpoint.save_weights(other, path, without=NEW_MODULES)
    with pytest.raises(ValueError, match="public.pt does not fit the model at 'head.fcos.cls_l"):
        image_weights.public_weights({"model": MODEL}, tiny_dataset, path, tmp_path)


def test_class_layers_of_public_weights_start_anew_for_a_users_categories(tmp_path, tiny_dataset):
    """Those alone: whatever else does not fit is still refused."""
    path, said = tmp_path / "public.pt", []
    other = build_model(MODEL, len(tiny_dataset.categories) + 1)
    checkpoint.save_weights(other, path, without=NEW_MODULES)
    log = QuietLog()
    log.info = said.append
    spec = {"model": MODEL, "new_classes": True, "seed": 0}
    image_weights.public_weights(spec, tiny_dataset, path, tmp_path, log)
    assert said == [
        "not taken over from public.pt, as it is of other classes: head.fcos.cls_logits.weight, "
        "head.fcos.cls_logits.bias"
    ]
    found = checkpoint.load(tmp_path / "weights.pt")
    before = {k: v.half() for k, v in other.state_dict().items() if k in found}
    new = [k for k, v in found.items() if v.shape != before[k].shape]
    assert new == ["head.fcos.cls_logits.weight", "head.fcos.cls_logits.bias"]
    assert all(torch.equal(v, before[k]) for k, v in found.items() if k not in new)
    wide = build_model(MODEL | {"channels": 2 * MODEL["channels"]}, len(tiny_dataset.categories))
    checkpoint.save_weights(wide, path, without=NEW_MODULES)
    with pytest.raises(ValueError, match="public.pt does not fit the model at"):
        image_weights.public_weights(spec, tiny_dataset, path, tmp_path, log)


def test_missing_public_weights_are_named_before_anything_runs(tmp_path):
    status, output = suite(
        make_root(tmp_path), "--profile", "full", "--data-root", str(tmp_path), "yolact-r50"
    )
    assert status == 2
    assert (
        f"error: {tmp_path} lacks the pretrained weights coco-yolact-r50.pt: `python -m" in output
    )


def test_runs_that_differ_in_name_only_are_trained_once_and_both_get_a_result(tmp_path):
    root = make_root(tmp_path)
    arguments = ("blendmask-r50+tpr", "blendmask-r50+tpr-budget1.5", "--profile", "full")
    status, output = suite(root, *arguments, "--limit-videos", "2", "--max-iter", "2")
    assert status == 0 and "(1 videos, 1 pretrain, 1 train, 1 evaluate)" in output, output
    names = sorted(path.stem for path in (root / "results/full-trial/records").iterdir())
    assert names == ["blendmask-r50+tpr-budget1.5-seed0", "blendmask-r50+tpr-seed0"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("90:30", 91), ("10:00:00", 600), ("1-12", 2160), ("1-12:30:01", 2191)],
)
def test_time_limits_are_read_as_slurm_reads_them(text, expected):
    assert options.parse(["--time", text]).time == expected


@pytest.mark.parametrize("text", ["soon", "1-", "1:2:3:4", "-5", "3"])
def test_other_time_limits_are_refused(text):
    with pytest.raises(SystemExit):
        options.parse(["--time", text])
