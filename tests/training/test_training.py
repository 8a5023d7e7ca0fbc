"""Training, resuming and inference on a tiny data set, for real."""

import json

import pytest
import torch

from experiments.stages.progress import QuietLog
from tests.helpers.tiny import INFER, MODEL, TRAIN
from tpr.data.loader import Sampler, TrainingData
from tpr.evaluation.video_ap import evaluate
from tpr.inference.online import infer
from tpr.models.build import build_model
from tpr.training import loop
from tpr.training.optim import build_optimizer, lr_factor
from tpr.training.step import Step
from tpr.weights import checkpoint

SPEC = {"model": MODEL, "train": TRAIN, "seed": 3}


class Killed(Exception):
    """Stands for a kill in the middle of a run."""


class KilledAt(QuietLog):
    def __init__(self, iteration: int) -> None:
        self.iteration = iteration

    def progress(self, done: int, total: int, **numbers: float) -> None:
        if done == self.iteration:
            raise Killed


@pytest.fixture
def pretrained(tiny_dataset, tmp_path):
    spec = SPEC | {"model": MODEL | {"temporal": None}}
    out = tmp_path / "pretrain"
    out.mkdir()
    loop.pretrain(spec, tiny_dataset, out, QuietLog())
    return out / "weights.pt"


def run(dataset, weights, out, log=None):
    out.mkdir(exist_ok=True)
    return loop.finetune(SPEC, dataset, weights, out, log or QuietLog())


def test_a_killed_run_resumes_to_the_same_weights_and_log(tiny_dataset, pretrained, tmp_path):
    whole = run(tiny_dataset, pretrained, tmp_path / "whole")
    with pytest.raises(Killed):
        run(tiny_dataset, pretrained, tmp_path / "killed", KilledAt(5))
    resumed = run(tiny_dataset, pretrained, tmp_path / "killed")
    assert resumed["final_losses"] == whole["final_losses"]
    assert resumed["open_fraction"] == whole["open_fraction"]
    assert resumed["curve"] == whole["curve"] and len(whole["curve"]["iteration"]) > 1
    states = [checkpoint.load(tmp_path / name / "weights.pt") for name in ("whole", "killed")]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])
    logs = [(tmp_path / name / "log.jsonl").read_text() for name in ("whole", "killed")]
    assert logs[0] == logs[1] and len(logs[0].splitlines()) == 6
    assert not (tmp_path / "killed" / "checkpoint.pt").exists()


def test_a_training_goes_on_under_another_micro_batch_and_checkpoint_interval(
    tiny_dataset, pretrained, tmp_path
):
    settings = {"batch_size": 4, "short_edge": [64, 64]}
    changes = {"micro_batch": 1, "checkpoint_every": 3}

    def tune(out, log, **more):
        out.mkdir(exist_ok=True)
        spec = SPEC | {"train": TRAIN | settings | {"micro_batch": 2} | more}
        return loop.finetune(spec, tiny_dataset, pretrained, out, log)

    whole = tune(tmp_path / "whole", QuietLog())
    with pytest.raises(Killed):
        tune(tmp_path / "killed", KilledAt(5))
    resumed = tune(tmp_path / "killed", QuietLog(), **changes)
    assert resumed["curve"]["iteration"] == whole["curve"]["iteration"]
    assert resumed["final_losses"] == pytest.approx(whole["final_losses"], rel=1e-3)


def test_inference_is_the_same_for_any_batch(tiny_dataset, pretrained, tmp_path):
    run(tiny_dataset, pretrained, tmp_path / "run")
    stats = []
    for batch in (1, 3):
        out = tmp_path / f"batch{batch}"
        out.mkdir()
        spec = {"model": MODEL, "infer": INFER | {"batch": batch}}
        metrics = infer(spec, tiny_dataset, tmp_path / "run" / "weights.pt", out, QuietLog())
        assert metrics["frames"] == 12 and 0 <= metrics["open_fraction"] <= 1
        entries = json.loads((out / "results.json").read_text())
        assert entries and all(len(e["segmentations"]) == 4 for e in entries)
        stats.append((len(entries), sorted(round(e["score"], 5) for e in entries)))
    assert stats[0] == stats[1]


def test_results_are_evaluated(tiny_dataset, pretrained, tmp_path):
    run(tiny_dataset, pretrained, tmp_path)
    spec = {"model": MODEL, "infer": INFER}
    infer(spec, tiny_dataset, tmp_path / "weights.pt", tmp_path, QuietLog())
    assert 0 <= evaluate(tiny_dataset.path, tmp_path / "results.json").stats["AP"] <= 1


def test_a_loss_that_is_not_finite_stops_the_run_with_its_terms(tiny_dataset, pretrained, tmp_path):
    optimizer = TRAIN["optimizer"] | {"lr": 1e30}
    spec = SPEC | {"train": TRAIN | {"optimizer": optimizer, "clip": 1e30}}
    message = (
        r"the loss is not finite at iteration \d+: loss_.*; the batch has video \d+, video \d+$"
    )
    with pytest.raises(loop.DivergedError, match=message):
        loop.finetune(spec, tiny_dataset, pretrained, tmp_path, QuietLog())
    assert not (tmp_path / "weights.pt").exists()


def infinite_gradient(model):
    """Makes one gradient of the model infinite, whatever the loss is."""
    model.head.top_layer.weight.register_hook(lambda gradient: gradient * float("inf"))
    return model


def test_a_gradient_that_is_not_finite_stops_before_the_step(tiny_dataset, pretrained, tmp_path):
    run(tiny_dataset, pretrained, tmp_path / "good")
    with pytest.raises(Killed):
        run(tiny_dataset, pretrained, tmp_path / "run", KilledAt(5))
    before = checkpoint.load(tmp_path / "run" / "checkpoint.pt")
    assert before["iteration"] == 4
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "build_model", lambda *a, **k: infinite_gradient(build_model(*a, **k)))
        message = r"the gradient is not finite at iteration 4: loss_.*; the batch has video \d+, "
        with pytest.raises(loop.DivergedError, match=message):
            run(tiny_dataset, pretrained, tmp_path / "run")
    after = checkpoint.load(tmp_path / "run" / "checkpoint.pt")
    assert all(torch.equal(before["model"][k], after["model"][k]) for k in before["model"])
    run(tiny_dataset, pretrained, tmp_path / "run")  # mended, it goes on from there
    states = [checkpoint.load(tmp_path / name / "weights.pt") for name in ("good", "run")]
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])


def test_pretraining_names_the_images_of_a_batch_that_diverged(tiny_dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(
        loop, "build_model", lambda *a, **k: infinite_gradient(build_model(*a, **k))
    )
    spec = SPEC | {"model": MODEL | {"temporal": None}}
    with pytest.raises(loop.DivergedError, match=r"has image \S+\.jpg, image \S+\.jpg$"):
        loop.pretrain(spec, tiny_dataset, tmp_path, QuietLog())


def test_in_fp16_a_step_that_overflows_is_left_out_until_the_scale_is_one(tiny_dataset):
    data = TrainingData(tiny_dataset, batch_size=2, seed=1, short_edge=(64, 64))
    model = infinite_gradient(build_model(MODEL, len(tiny_dataset.categories)))
    settings = TRAIN | {"precision": "fp16"}
    step = Step(model, lambda b: model.losses(*b.query, *b.reference), settings, seed=1)
    step.scaler = torch.amp.GradScaler("cpu", 2.0)
    before = model.head.top_layer.weight.clone()
    moved = []
    for _ in range(2):
        step.backward(0, [data.pairs(0)])
        moved.append(step.update(0))
    assert moved == [True, False] and torch.equal(model.head.top_layer.weight, before)


def test_frozen_stages_do_not_move(tiny_dataset, pretrained, tmp_path):
    run(tiny_dataset, pretrained, tmp_path)
    before, after = checkpoint.load(pretrained), checkpoint.load(tmp_path / "weights.pt")
    stem = "backbone.fpn.bottom_up.stem.conv1.weight"
    assert torch.equal(before[stem], after[stem])
    assert not torch.equal(before["head.top_layer.weight"], after["head.top_layer.weight"])


def test_weights_of_another_model_are_refused_by_name(pretrained):
    model = build_model(MODEL | {"channels": 96}, 10)
    with pytest.raises(ValueError, match="does not fit the model at 'backbone.fpn"):
        checkpoint.load_weights(model, pretrained, missing=loop.NEW_MODULES)


def test_an_unreadable_checkpoint_is_named(tmp_path):
    (tmp_path / "weights.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(ValueError, match="weights.pt is no checkpoint: it begins with the t"):
        checkpoint.load(tmp_path / "weights.pt")


def test_every_epoch_is_a_permutation():
    sampler = Sampler(7, 2, seed=1)
    drawn = [i for iteration in range(7) for i in sampler(iteration)]
    assert sorted(drawn[:7]) == sorted(drawn[7:]) == list(range(7))
    assert Sampler(7, 2, seed=1)(5) == sampler(5) != Sampler(7, 2, seed=2)(5)


def test_pairs_share_their_geometry_and_stay_in_range(tiny_dataset):
    data = TrainingData(tiny_dataset, batch_size=3, seed=0, short_edge=(40, 60), reference_range=1)
    for iteration in range(4):
        query, reference, videos = data.pairs(iteration)
        assert query.images.shape == reference.images.shape
        assert len(videos) == len(set(videos)) == 3
        for truth in query.truth:
            tight = truth.gt_masks.get_bounding_boxes().tensor
            assert torch.equal(truth.gt_boxes.tensor, tight)


def test_step_schedule_of_the_paper():
    schedule = {"name": "steps", "warmup": 10, "milestones": [8 / 12, 11 / 12]}
    factors = [lr_factor(schedule, i, 1200) for i in (0, 5, 10, 799, 800, 1100)]
    expected = [1 / 80, 1 / 80 + 79 / 160, 1.0, 1.0, 0.1, 0.01]
    assert factors == pytest.approx(expected)


def test_pretraining_starts_with_small_images_in_larger_batches(
    tiny_dataset, tmp_path, monkeypatch
):
    shapes, draw = [], TrainingData.images

    def images(data, iteration, part):
        batch = draw(data, iteration, part)
        shapes.append(batch.images.shape)
        return batch

    monkeypatch.setattr(TrainingData, "images", images)
    small = {"share": 0.5, "short_edge": [32, 32], "batch_size": 3}
    spec = SPEC | {"model": MODEL | {"temporal": None}, "train": TRAIN | {"small_first": small}}
    loop.pretrain(spec, tiny_dataset, tmp_path, QuietLog())
    assert [shape[0] for shape in shapes] == [3, 3, 3, 2, 2, 2]
    assert all(shape[2] == 32 for shape in shapes[:3])
    assert all(shape[2] > 32 for shape in shapes[3:])


def test_offsets_and_gates_have_their_own_learning_rate():
    model = build_model(MODEL, 2)
    spec = {
        "name": "adamw",
        "lr": 1.0,
        "weight_decay": 0.1,
        "lr_scales": {"offset": 0.5, "gate": 0.1},
    }
    scale, decay = {}, {}
    names = {id(p): name for name, p in model.named_parameters()}
    for group in build_optimizer(model, spec).param_groups:
        for parameter in group["params"]:
            scale[names[id(parameter)]] = group["lr_scale"]
            decay[names[id(parameter)]] = group["weight_decay"]
    assert scale.keys() == set(names.values())
    assert scale["temporal.dacr.offset.weight"] == 0.5
    assert scale["temporal.dacr.cell_query.gate.conv.weight"] == 0.1
    assert scale["temporal.cpr.rows.0.0.from_finer.gate.conv.bias"] == 0.1
    assert scale["temporal.dacr.outer_gate.weight"] == scale["track_head.embed.weight"] == 1.0
    assert decay["temporal.dacr.offset.weight"] == 0.1
    assert decay["temporal.cpr.rows.0.0.from_finer.gate.conv.bias"] == 0.0
