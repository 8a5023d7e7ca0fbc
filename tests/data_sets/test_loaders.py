"""Loader processes: what they send, what it costs, how many there are, and what they need."""

import os
import pickle
import subprocess
import sys

import pytest
import torch

from experiments.gpu_check.pretended import pretended_gpu
from experiments.pipeline import flow_pretraining
from experiments.stages.progress import QuietLog
from tests.helpers.tiny import MODEL, TRAIN
from tpr.data import loader
from tpr.data.loader import TrainingData, read_ahead
from tpr.data.packed import pack
from tpr.devices import host_limits
from tpr.models.build import build_model
from tpr.parallel import distributed
from tpr.training import loop
from tpr.weights import checkpoint

pytestmark = pytest.mark.timeout(900)  # a busy machine takes minutes to load torch
CPU = torch.device("cpu")


def pairs(dataset, **settings):
    return TrainingData(dataset, batch_size=2, seed=0, short_edge=(40, 60), **settings)


def assert_same(first, second):
    for one, other in ((first.query, second.query), (first.reference, second.reference)):
        assert torch.equal(one.images, other.images)
        for mine, theirs in zip(one.truth, other.truth, strict=True):
            assert mine.image_size == theirs.image_size
            assert torch.equal(mine.gt_boxes.tensor, theirs.gt_boxes.tensor)
            assert torch.equal(mine.gt_masks.tensor, theirs.gt_masks.tensor)
            assert torch.equal(mine.gt_classes, theirs.gt_classes)
            assert torch.equal(mine.gt_ids, theirs.gt_ids)
    assert first.videos == second.videos


def test_a_packed_batch_is_the_batch(tiny_dataset):
    batch = pairs(tiny_dataset).pairs(0)
    assert len(batch.query.truth[0]) > 0
    assert_same(pack(batch).to(CPU), batch)
    frame = batch.query.truth[0]
    nothing = batch._replace(query=batch.query._replace(truth=[frame[:0], frame[:0]]))
    assert_same(pack(nothing).to(CPU), nothing)


def test_a_batch_goes_to_the_gpu_in_one_copy_that_nothing_waits_for(tiny_dataset):
    data = pairs(tiny_dataset)
    with pretended_gpu() as counts:
        (batch,) = read_ahead(data.pairs, range(1), 0, distributed.device())
        batch.to(distributed.device())  # as a step does, and then has nothing left to copy
        assert counts.totals() == {"syncs": 0, "to_gpu": 1, "to_host": 0, "launches": 0}
        assert batch.query.truth[0].gt_masks.tensor.device.type == "cuda"
        assert torch.equal(batch.query.images.cpu(), data.pairs(0).query.images)


def test_tensors_of_any_kind_are_packed():
    tensors = [
        torch.arange(6).view(2, 3).t(),
        torch.tensor(0.5),
        torch.zeros(0, 4),
        torch.rand(3) > 0.5,
        torch.rand(2).half(),
    ]
    found = pack({"some": tensors, "other": "text"}).to(CPU)
    assert found["other"] == "text"
    for one, other in zip(tensors, found["some"], strict=True):
        assert one.dtype == other.dtype and torch.equal(one, other)


def test_a_training_fed_by_loaders_is_the_training_without(tiny_dataset, tmp_path, monkeypatch):
    torch.manual_seed(0)
    model = build_model(MODEL, len(tiny_dataset.categories))
    checkpoint.save_weights(model, tmp_path / "start.pt", without=loop.NEW_MODULES)
    spec = {"model": MODEL, "train": TRAIN | {"iterations": 3, "micro_batch": 1}, "seed": 3}
    found = []
    for count in (0, 2):
        monkeypatch.setattr(loop, "loaders", lambda count=count: count)
        out = tmp_path / str(count)
        out.mkdir()
        loop.finetune(spec, tiny_dataset, tmp_path / "start.pt", out, QuietLog())
        found.append(checkpoint.load(out / "weights.pt"))
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])


def test_loaders_work_by_the_start_method_that_pickles(tiny_dataset, monkeypatch):
    """The default from Python 3.14 on; all other tests fork."""
    monkeypatch.setattr(loader, "START_METHOD", "forkserver")
    data = pairs(tiny_dataset)
    (batch,) = read_ahead(data.pairs, range(3, 4), 1, CPU)
    assert_same(batch, data.pairs(3))


def test_what_each_training_has_its_loaders_do_can_be_pickled(tiny_dataset, tmp_path, monkeypatch):
    fetched = []

    class Seen(Exception):
        """Ends the training when it asks for batches."""

    def read(fetch, iterations, workers, device):
        fetched.append((pickle.loads(pickle.dumps(fetch))(0), fetch(0)))
        raise Seen

    monkeypatch.setattr(loop, "read_ahead", read)
    monkeypatch.setattr(loop.checkpoint, "load_weights", lambda *_, **__: None)
    small = {"share": 0.5, "short_edge": [32, 32], "batch_size": 3}
    spec = {"model": MODEL, "train": TRAIN | {"small_first": small}, "seed": 0}
    image_spec = spec | {"model": MODEL | {"temporal": None}}
    with pytest.raises(Seen):
        loop.pretrain(image_spec, tiny_dataset, tmp_path, QuietLog())
    with pytest.raises(Seen):
        loop.finetune(spec, tiny_dataset, tmp_path, tmp_path, QuietLog())
    monkeypatch.setattr(flow_pretraining, "FlowPairs", lambda *_, **__: FLOW_PAIRS)
    network = {"width": 8, "reduction": 1, "unit": 1.0}
    settings = TRAIN | {"margin": 4, "shifted": 0.5, "flip": 0.5}
    spec = {"network": network, "pairs": {}, "train": settings, "seed": 0}
    with pytest.raises(Seen):
        flow_pretraining.pretrain_flow(spec, {}, {"train": None}, tmp_path, QuietLog())
    (images, again), (query, same), (moves, equal) = fetched
    assert images[0].images.shape == (3, 3, 32, 48)
    assert torch.equal(images[0].images, again[0].images)
    assert torch.equal(query[0].pairs.query.images, same[0].pairs.query.images)
    assert torch.equal(moves[0].flow, equal[0].flow)


def flow_pairs():
    """Two pairs of frames of 16 x 16 pixels, without reading any."""
    made = object.__new__(flow_pretraining.FlowPairs)
    made.frames, made.pairs = torch.zeros(2, 3, 16, 16, dtype=torch.uint8), torch.tensor([[0, 1]])
    made.flow = torch.rand(1, 2, 16, 16).half()
    return made


FLOW_PAIRS = flow_pairs()


def test_eight_loaders_work_where_256_files_may_be_open_as_a_batch_costs_one(tiny_dataset):
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.few_files", str(tiny_dataset.path.parent)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    told, files = done.stdout.splitlines()
    assert "at most 256 files may be open, 4096 are advised: raise the hard limit" in told
    assert float(files) == 1


@pytest.mark.parametrize(
    ("cores", "others", "expected"),
    [
        (range(16), [range(16)], 8),
        (range(4), [], 4),
        (range(64), [range(64)] * 7, 8),
        (range(32), [range(32)] * 7, 4),
        (range(4), [range(4 * i, 4 * i + 4) for i in range(1, 8)], 4),  # bound by Slurm
        (range(4), [range(4)] * 7, 2),
    ],
)
def test_loaders_are_as_many_as_the_cores_of_a_process(monkeypatch, cores, others, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(cores))
    monkeypatch.setattr(
        distributed,
        "gathered",
        lambda own: [own, *((own[0], set(x)) for x in others), ("another machine", set(cores))],
    )
    assert distributed.loaders() == expected


def test_without_a_gpu_there_are_no_loaders():
    assert distributed.loaders() == 0


def test_too_little_shared_memory_is_told_with_the_fix(tiny_dataset, monkeypatch, tmp_path):
    found = os.statvfs(tmp_path)
    room = found.f_blocks * found.f_frsize
    monkeypatch.setattr(host_limits, "SHARED_MEMORY", tmp_path)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "8")
    host_limits.check_shared_memory(room // 8)
    with pytest.raises(OSError, match=r"the loaders of 8 processes need about .*--shm-size"):
        host_limits.check_shared_memory(room // 8 + 1)
    asked = []
    monkeypatch.setattr(loader, "check_shared_memory", asked.append)
    data = pairs(tiny_dataset)
    list(read_ahead(data.pairs, range(1), 2, CPU))
    assert asked == [2 * 2 * pack(data.pairs(0)).buffer.numel()]


def test_opencv_leaves_the_cores_to_the_other_loaders(monkeypatch):
    assert list(read_ahead(opencv_threads, range(1), 1, CPU)) == [1]


def opencv_threads(iteration):
    import cv2

    return cv2.getNumThreads()
