"""Controls: what the temporal module gets as reference, in training and at test time."""

import json

import numpy as np
import pytest
import torch

from baselines.registry import BASELINES
from experiments.stages.progress import QuietLog
from tests.helpers.tiny import INFER, MODEL, SPLIT, TRAIN
from tpr.data.loader import TrainingData
from tpr.data.mini import flow, generate
from tpr.data.prepared import open_split
from tpr.data.transforms import Geometry
from tpr.inference import online as inference
from tpr.models.build import build_model
from tpr.parallel.batch_parts import Part
from tpr.references.choice import CHOICES, EXACT_FLOW, OTHER_VIDEO, PREVIOUS, SELF
from tpr.references.exact_flow import ExactFlow, at_level, transform_flow, warped
from tpr.references.online import OtherVideo
from tpr.references.training import ReferredData
from tpr.routing import Frame
from tpr.training import loop as train

MERGE = {"name": "merge", "merge": {"identity_init": True}, "cpr": None}
MATCHED = {"name": "matched", "dacr": {"width": 4, "radius": 2}, "cpr": None}
RELEASED = {"name": "tpr-released", "cell": "pconv", "identity_init": True}


class Seen(torch.nn.Module):
    """A temporal module that keeps what it was called with."""

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[tuple[Frame, Frame]] = []

    def forward(self, query: Frame, reference: Frame):
        self.pairs.append((query, reference))
        return {name: x + 0.1 * reference.pyramid[name] for name, x in query.pyramid.items()}


def training_data(dataset):
    options = {k: TRAIN[k] for k in ("batch_size", "short_edge", "flip", "reference_range")}
    return TrainingData(dataset, seed=3, **options)


def model_with(temporal):
    torch.manual_seed(0)
    model = build_model(MODEL | {"temporal": None}, 12).eval()
    model.temporal = temporal
    return model


def referred(dataset, choice: str):
    """A batch, and the query and reference that the temporal module gets of it."""
    seen = Seen()
    model = model_with(seen)
    batch = ReferredData(training_data(dataset), choice).batch(1)
    pairs = batch.pairs
    model.losses(*pairs.query, *pairs.reference, refer=batch.refer(model))
    return batch, model, *seen.pairs[0]


@pytest.mark.parametrize("choice", CHOICES)
def test_the_pairs_that_the_tracking_head_learns_from_are_the_same_for_every_reference(
    tiny_dataset, choice
):
    plain = training_data(tiny_dataset).pairs(1)
    found = ReferredData(training_data(tiny_dataset), choice).batch(1).pairs
    assert found.videos == plain.videos
    assert torch.equal(found.query.images, plain.query.images)
    assert torch.equal(found.reference.images, plain.reference.images)


def test_the_reference_of_training_is_what_the_run_says(tiny_dataset):
    batch, model, query, reference = referred(tiny_dataset, PREVIOUS)
    raw = model.frames(batch.pairs.reference.images)
    torch.testing.assert_close(reference.pyramid["p3"], raw.pyramid["p3"])
    _, _, query, reference = referred(tiny_dataset, SELF)
    assert reference is query
    batch, model, _, reference = referred(tiny_dataset, OTHER_VIDEO)
    torch.testing.assert_close(
        reference.pyramid["p3"], model.frames(batch.more).pyramid["p3"], rtol=1e-4, atol=1e-4
    )
    batch, model, _, reference = referred(tiny_dataset, EXACT_FLOW)
    aligned = warped(model.frames(batch.pairs.reference.images), batch.more)
    torch.testing.assert_close(reference.pyramid["p3"], aligned.pyramid["p3"], rtol=1e-4, atol=1e-4)


def test_references_are_refined_as_often_as_asked_and_all_else_stays(tiny_dataset):
    plain = ReferredData(training_data(tiny_dataset))
    some = ReferredData(training_data(tiny_dataset), refined=0.5)
    assert not plain.batch(1).refined
    drawn = [len(some.batch(i).refined) for i in range(100)]
    pairs = len(plain.batch(1).pairs.videos)
    assert 0.4 < sum(drawn) / (100 * pairs) < 0.6
    parts = [some.batch(7, Part(i, pairs)).refined for i in range(pairs)]
    assert [i for i, rows in enumerate(parts) if rows] == some.batch(7).refined
    same = some.batch(7).pairs.reference.images
    assert torch.equal(same, plain.batch(7).pairs.reference.images)


@pytest.mark.parametrize("choice", CHOICES)
def test_a_refined_reference_is_what_recursion_passes_on(tiny_dataset, choice):
    seen = Seen()
    model = model_with(seen)
    batch = ReferredData(training_data(tiny_dataset), choice, refined=1.0).batch(1)
    pairs = batch.pairs
    model.losses(*pairs.query, *pairs.reference, refer=batch.refer(model))
    _, reference = seen.pairs[-1]
    if choice in (SELF, OTHER_VIDEO):  # what they get at test time was never refined
        assert len(seen.pairs) == 1
        return
    raw = model.frames(pairs.reference.images)
    once = Frame({name: 1.1 * x for name, x in raw.pyramid.items()}, raw.image)
    expected = warped(once, batch.more) if choice == EXACT_FLOW else once
    close = {"rtol": 1e-4, "atol": 1e-4}
    torch.testing.assert_close(reference.pyramid["p3"], expected.pyramid["p3"], **close)
    assert not reference.pyramid["p3"].requires_grad


def test_references_that_are_not_refined_keep_their_gradient(tiny_dataset):
    seen = Seen()
    model = model_with(seen)
    batch = ReferredData(training_data(tiny_dataset)).batch(1)
    batch = batch._replace(refined=[0])
    frame = model.frames(batch.pairs.reference.images)
    mixed = batch.refer(model)(frame, frame).pyramid["p3"]
    (gradient,) = torch.autograd.grad(mixed.sum(), frame.pyramid["p3"])
    assert gradient[0].abs().max() == 0 and gradient[1].min() == 1


def test_another_video_is_never_the_pairs_own(tiny_dataset):
    data = ReferredData(training_data(tiny_dataset), OTHER_VIDEO)
    for iteration in range(20):
        samples = data.data.pair_samples(iteration)
        others = data._others(samples, iteration)
        for own, other in zip(samples, others, strict=True):
            assert own.video.id != other.video.id and own.geometry == other.geometry


def test_flow_follows_resizing_and_mirroring(tiny_dataset):
    """Pixels found along the flow look alike, however the frames were transformed."""
    exact, video = ExactFlow(tiny_dataset), tiny_dataset.videos[0]
    settings = json.loads((tiny_dataset.path.parent / "info.json").read_text())
    moved = flow(settings, "train", 0, 2, other=1)
    same = exact.resized(video, 2, 1, Geometry(SPLIT["height"], SPLIT["width"], False))
    assert torch.equal(same, torch.from_numpy(moved.transpose(2, 0, 1)))
    constant = np.broadcast_to(np.array([3, -2], np.float32), (64, 96, 2))
    found = transform_flow(constant, Geometry(32, 96, True))
    assert found.shape == (2, 32, 96) and found[0].unique() == -3 and found[1].unique() == -1


def test_a_level_gets_the_mean_flow_of_its_cells_and_is_warped_by_it():
    moved = torch.zeros(1, 2, 20, 32)
    moved[:, 0] = 16.0  # two cells of P3 to the right
    assert at_level(moved, 8, torch.Size((3, 4)))[0, 0, :, 0].tolist() == [16, 16, 8]
    levels = {"p3": torch.arange(12.0).view(1, 1, 3, 4), "p4": torch.arange(4.0).view(1, 1, 2, 2)}
    found = warped(Frame(levels), moved).pyramid
    assert found["p3"][0, 0, 0].tolist() == pytest.approx([2, 3, 0, 0])
    assert found["p4"][0, 0, 0].tolist() == pytest.approx([1, 0])


def test_warped_by_the_exact_flow_frames_look_like_the_query(tmp_path):
    generate(tmp_path / "clean", {"train": SPLIT | {"degraded": 0.0}}, seed=0)
    dataset = open_split(tmp_path / "clean", "train")
    exact, size = ExactFlow(dataset), (SPLIT["height"], SPLIT["width"])
    apart, aligned = [], []
    for video in dataset.videos:
        pictures = [dataset.read_frame(video, t) for t in (0, 3)]
        images = torch.from_numpy(np.stack(pictures).transpose(0, 3, 1, 2)).float()
        there, here = (Frame({"p0": x[None]}) for x in images)  # pixels as a level of stride 1
        moved = exact.resized(video, 3, 0, Geometry(*size, False))[None]
        inside = slice(16, -16)
        for found, errors in ((there, apart), (warped(there, moved), aligned)):
            gap = found.pyramid["p0"] - here.pyramid["p0"]
            errors.append(gap[..., inside, inside].abs().mean())
    assert sum(aligned) < 0.8 * sum(apart)


@pytest.mark.parametrize("choice", CHOICES)
def test_the_reference_at_test_time_is_what_the_run_says(tiny_dataset, choice):
    seen, settings = Seen(), INFER | {"reference": choice, "first_frame": "skip", "batch": 3}
    model = model_with(seen)
    inference.track_videos(model, tiny_dataset, tiny_dataset.videos, settings, GateLogOfNone())
    assert len(seen.pairs) == SPLIT["frames"] - 1
    first, second = seen.pairs[:2]
    refined = first[0].pyramid["p3"] + 0.1 * first[1].pyramid["p3"]
    size = (SPLIT["height"], SPLIT["width"])
    if choice == SELF:
        assert second[1] is second[0]
        return
    if choice == EXACT_FLOW:
        exact, videos = ExactFlow(tiny_dataset), tiny_dataset.videos
        moved = torch.stack([exact.resized(v, 2, 1, Geometry(*size, False)) for v in videos])
        refined = warped(Frame({"p3": refined}), moved).pyramid["p3"]
    if choice == OTHER_VIDEO:
        pictures = [
            inference.network_input(tiny_dataset, v, 1, settings) for v in after(tiny_dataset)
        ]
        refined = torch.cat([model.frames(picture).pyramid["p3"] for picture in pictures])
    torch.testing.assert_close(second[1].pyramid["p3"], refined, rtol=1e-4, atol=1e-4)


def after(dataset):
    """Each video's next one."""
    return [*dataset.videos[1:], dataset.videos[0]]


class GateLogOfNone:
    def add(self, frames, gates) -> None:
        pass


def test_a_shorter_video_stays_at_its_end(tiny_dataset, monkeypatch):
    read = []
    model = model_with(None)
    other = OtherVideo(tiny_dataset, model)
    picture = tiny_dataset.read_frame(tiny_dataset.videos[0], 0)
    monkeypatch.setattr(
        type(tiny_dataset),
        "read_frame",
        lambda self, video, t: read.append((video.id, t)) or picture,
    )
    previous = model.frames(torch.zeros(1, 3, 64, 96, dtype=torch.uint8))
    first, last = tiny_dataset.videos[0], tiny_dataset.videos[-1]
    other(first, 9, previous, (64, 96))
    other(last, 1, previous, (64, 96))
    assert read == [(tiny_dataset.videos[1].id, SPLIT["frames"] - 1), (first.id, 0)]


def test_what_cannot_be_is_told_in_a_line(tiny_dataset, tmp_path):
    class Recorded:
        path = tmp_path / "val.json"
        videos = ()

    with pytest.raises(ValueError, match="recorded data have no exact flow"):
        ExactFlow(Recorded())
    with pytest.raises(ValueError, match="no other video"):
        OtherVideo(Recorded(), model_with(None))
    settings = INFER | {"reference": OTHER_VIDEO, "first_frame": "skip"}
    playback = inference.Playback(tiny_dataset.videos[0])
    image = inference.network_input(tiny_dataset, playback.video, 0, settings)
    model = model_with(Seen())
    inference.refine(model, image, [playback], settings)
    with pytest.raises(ValueError, match="a control with the reference 'other-video'"):
        inference.refine(model, image, [playback], settings)
    with pytest.raises(ValueError, match="unknown reference 'next'"):
        inference.refine(model, image, [playback], settings | {"reference": "next"})


@pytest.mark.parametrize(
    ("temporal", "choice"),
    [
        (MERGE, PREVIOUS),
        (MERGE, EXACT_FLOW),
        (MODEL["temporal"], SELF),
        (MODEL["temporal"], OTHER_VIDEO),
        (MATCHED, PREVIOUS),
        (RELEASED, PREVIOUS),
    ],
    ids=["merge", "oracle-warp", "tpr+self", "tpr+other-video", "matched", "released"],
)
def test_every_control_trains_and_is_evaluated(tiny_dataset, tmp_path, temporal, choice):
    weights = tmp_path / "pretrained.pt"
    torch.manual_seed(0)
    image_model = build_model(MODEL | {"temporal": None}, len(tiny_dataset.categories))
    train.checkpoint.save_weights(image_model, weights, without=train.NEW_MODULES)
    model = MODEL | {"temporal": temporal}
    few = TRAIN | {"iterations": 2, "reference": choice}
    spec = {"model": model, "train": few, "seed": 0}
    metrics = train.finetune(spec, tiny_dataset, weights, tmp_path, QuietLog(), temporal=BASELINES)
    assert all(np.isfinite(x) for x in metrics["final_losses"].values())
    spec = {"model": model, "infer": INFER | {"reference": choice}}
    out = tmp_path / "evaluate"
    out.mkdir()
    inference.infer(
        spec, tiny_dataset, tmp_path / "weights.pt", out, QuietLog(), temporal=BASELINES
    )
    assert json.loads((out / "results.json").read_text())
