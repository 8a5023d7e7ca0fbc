"""However a batch or a set of videos is spread over processes, the results are the same."""

import json
import math

import pytest
import torch

from experiments.stages.progress import QuietLog
from tests.helpers.spread_cases import BATCH_NORM, SETTINGS
from tests.helpers.tiny import INFER, MODEL, TRAIN, make_dataset
from tests.helpers.together import run_together
from tests.models.test_heads import HEADS
from tpr.data.loader import TrainingData, read_ahead
from tpr.data.transforms import Geometry
from tpr.inference import online
from tpr.models.build import build_model
from tpr.parallel.batch_parts import Part, parts_of_process, possible_processes
from tpr.training import loop
from tpr.training.step import Step
from tpr.weights import checkpoint

pytestmark = pytest.mark.timeout(900)  # a busy machine takes minutes to load torch
MODELS = {"blendmask": MODEL} | {name: MODEL | change for name, change in HEADS.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What one, two and three processes made of the same data: folders 1, 2 and 3."""
    folder = tmp_path_factory.mktemp("spread")
    classes = len(make_dataset(folder / "data").categories)
    torch.manual_seed(0)
    checkpoint.save_weights(build_model(MODEL, classes), folder / "whole.pt")
    for name, model in (("GN", MODEL), ("BN", BATCH_NORM)):
        image_model = build_model(model, classes)
        checkpoint.save_weights(image_model, folder / f"{name}.pt", without=loop.NEW_MODULES)
    run_together("tests.helpers.spread_cases:cases", folder, 1, 2, 3)
    return folder


def log(path):
    return [json.loads(line) for line in (path / "log.jsonl").read_text().splitlines()]


def assert_close(first, second):
    """The same measurements at the same iterations, to 1e-4 of their size."""
    assert len(first) == len(second) == SETTINGS["iterations"]
    for one, other in zip(first, second, strict=True):
        assert one == pytest.approx(other, rel=1e-4, abs=1e-6)


def test_two_processes_have_the_loss_curve_of_one(folder):
    assert_close(log(folder / "1" / "norms"), log(folder / "2" / "norms"))


def test_micro_batches_have_the_loss_curve_of_the_whole_batch(folder):
    whole = log(folder / "1" / "whole")
    assert_close(whole, log(folder / "1" / "micro"))
    assert_close(whole, log(folder / "2" / "micro"))


def test_killed_processes_resume_to_the_same_weights_and_log(folder):
    names = ("norms", "killed")
    whole, resumed = (checkpoint.load(folder / "2" / x / "weights.pt") for x in names)
    assert all(torch.equal(whole[k], resumed[k]) for k in whole)
    assert log(folder / "2" / "norms") == log(folder / "2" / "killed")


def test_results_are_the_same_file_for_any_number_of_processes(folder):
    for name in ("results.json", "gates.json"):
        one, two, three = ((folder / str(n) / name).read_bytes() for n in (1, 2, 3))
        assert len(json.loads(one)) > 3 and one == two == three
    assert not list(folder.glob("*/shards-*"))


def gradients(name, dataset, micro_batch):
    """Loss terms and gradients of the first iteration, by parameter."""
    settings = TRAIN | {"batch_size": 4, "micro_batch": micro_batch, "short_edge": [64, 64]}
    torch.manual_seed(0)
    model = build_model(MODELS[name], len(dataset.categories))
    data = TrainingData(dataset, batch_size=4, seed=1, short_edge=(64, 64))
    step = Step(model, lambda b: model.losses(*b.query, *b.reference), settings, seed=1)
    terms = step.backward(0, [data.pairs(0, part) for part in step.parts])
    found = {k: p.grad for k, p in model.named_parameters() if p.grad is not None}
    return terms, found


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_head_has_the_same_gradient_with_micro_batches(tiny_dataset, name):
    terms, whole = gradients(name, tiny_dataset, 4)
    spread_terms, spread = gradients(name, tiny_dataset, 1)
    assert spread_terms == pytest.approx(terms, rel=1e-4)
    assert spread.keys() == whole.keys()
    size = torch.cat([x.flatten() for x in whole.values()]).norm()
    for key in whole:
        difference = (spread[key] - whole[key]).norm()
        assert difference <= 1e-3 * whole[key].norm() + 1e-5 * size, key


PRECISIONS = [(name, "bf16") for name in sorted(MODELS)] + [("blendmask", "fp16")]


@pytest.mark.parametrize(("name", "precision"), PRECISIONS)
def test_mixed_precision_is_near_single_precision(tiny_dataset, name, precision):
    losses = []
    for chosen in ("fp32", precision):
        settings = TRAIN | {"precision": chosen}
        torch.manual_seed(0)
        model = build_model(MODELS[name], len(tiny_dataset.categories))
        data = TrainingData(tiny_dataset, batch_size=2, seed=1, short_edge=(64, 64))
        step = Step(model, lambda b, m=model: m.losses(*b.query, *b.reference), settings, seed=1)
        assert step.scaler.is_enabled() == (chosen == "fp16")
        # the usual start, 65536, overflows: then a step is left out and the scale halved
        step.scaler = torch.amp.GradScaler("cpu", 256.0, enabled=chosen == "fp16")
        losses.append(sum(step.backward(0, [data.pairs(0)]).values()))
        before = {k: p.clone() for k, p in model.named_parameters()}
        step.update(0)
        assert any(not torch.equal(p, before[k]) for k, p in model.named_parameters())
        assert all(p.isfinite().all() and p.dtype == torch.float32 for p in model.parameters())
    assert losses[0] != losses[1] and losses[0] == pytest.approx(losses[1], rel=0.05)


def test_parts_hold_the_samples_of_the_batch_in_order(tiny_dataset):
    data = TrainingData(tiny_dataset, batch_size=6, seed=0, short_edge=(40, 60))
    whole = data.pairs(3)
    parts = [data.pairs(3, Part(i, 3)) for i in range(3)]
    assert [v for part in parts for v in part.videos] == whole.videos
    assert torch.equal(torch.cat([part.query.images for part in parts]), whole.query.images)


def test_padding_does_not_depend_on_who_has_a_sample(tiny_dataset, monkeypatch):
    data = TrainingData(tiny_dataset, batch_size=4, seed=0, short_edge=(40, 40), groups=2)
    widths = iter([60, 70, 80, 90] * 4)
    monkeypatch.setattr(
        TrainingData, "_geometry", lambda *arguments: Geometry(40, next(widths), False)
    )
    shapes = [tuple(data.images(0, Part(i, 4)).images.shape) for i in range(4)]
    assert shapes == [(1, 3, 40, 70), (1, 3, 40, 70), (1, 3, 40, 90), (1, 3, 40, 90)]


def test_batches_read_ahead_are_those_read_at_once(tiny_dataset):
    data = TrainingData(tiny_dataset, batch_size=2, seed=0, short_edge=(40, 60))
    state = torch.get_rng_state()
    ahead = list(read_ahead(data.pairs, range(2, 5), 1, torch.device("cpu")))
    assert torch.equal(torch.get_rng_state(), state)
    for iteration, batch in zip(range(2, 5), ahead, strict=True):
        assert torch.equal(batch.query.images, data.pairs(iteration).query.images)


def test_a_batch_is_shared_by_any_number_of_processes_that_divides_it():
    settings = {"batch_size": 12, "micro_batch": 6}
    parts = parts_of_process(settings, 2, 3)
    assert parts == [Part(4, 6), Part(5, 6)]
    assert [part.rows(12) for part in parts] == [slice(8, 10), slice(10, 12)]
    with pytest.raises(ValueError, match="a batch of 12 cannot be cut into 10 equal parts"):
        parts_of_process(settings, 0, 5)[0].rows(12)
    with pytest.raises(ValueError, match="micro_batch 5 does not divide batch_size 12"):
        parts_of_process({"batch_size": 12, "micro_batch": 5}, 0, 1)


@pytest.mark.parametrize("micro", [1, 2, 3, 4, 6, 12])
def test_the_numbers_of_processes_that_are_named_can_share_a_batch_and_no_others(micro):
    settings = {"batch_size": 12, "micro_batch": micro}
    possible = possible_processes(settings)
    for count in range(1, 20):
        parts = [part for rank in range(count) for part in parts_of_process(settings, rank, count)]
        if count in possible:
            rows = [i for part in parts for i in range(12)[part.rows(12)]]
            assert rows == list(range(12))
        else:
            with pytest.raises(ValueError, match="cannot be cut into"):
                parts[0].rows(12)


def test_an_unknown_precision_is_refused_by_name():
    with pytest.raises(ValueError, match="unknown precision 'int8'; known: fp32, bf16, fp16"):
        Step(torch.nn.Linear(1, 1), dict, TRAIN | {"precision": "int8"}, seed=0)


def test_interrupted_inference_goes_on_with_the_next_videos(tiny_dataset, tmp_path, monkeypatch):
    torch.manual_seed(0)
    model = build_model(MODEL, len(tiny_dataset.categories))
    checkpoint.save_weights(model, tmp_path / "weights.pt")
    spec, calls, track = {"model": MODEL, "infer": INFER | {"batch": 1}}, [], online.track_videos

    def counted(model, dataset, videos, *arguments):
        calls.append(videos[0].id)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return track(model, dataset, videos, *arguments)

    monkeypatch.setattr(online, "track_videos", counted)
    arguments = (spec, tiny_dataset, tmp_path / "weights.pt", tmp_path, QuietLog())
    with pytest.raises(KeyboardInterrupt):
        online.infer(*arguments)
    metrics = online.infer(*arguments)
    first, second, third = (video.id for video in tiny_dataset.videos)
    assert calls == [first, second, second, third]
    assert metrics["frames"] == 12 and math.isfinite(metrics["frames_per_second"])
    found = {x["video_id"] for x in json.loads((tmp_path / "results.json").read_text())}
    assert found == {first, second, third}
