"""Where gated cells run dense and where masked, and that detections need few transfers."""

import pytest
import torch
from detectron2.modeling.poolers import ROIPooler
from detectron2.structures import Boxes

from tests.helpers.tiny import MODEL
from tpr.models.build import build_model
from tpr.models.pooling import LevelPooler
from tpr.models.selection import constant, indices_above, places
from tpr.routing import Frame, execution, execution_on

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


def test_masked_on_a_cpu_and_dense_on_cuda_unless_asked_for():
    with torch.no_grad():
        assert (execution_on(CPU), execution_on(CUDA)) == ("masked", "dense")
        for kind in ("dense", "masked"):
            with execution(kind):
                assert execution_on(CPU) == execution_on(CUDA) == kind
        assert (execution_on(CPU), execution_on(CUDA)) == ("masked", "dense")


def test_training_is_dense_whatever_is_asked_for():
    with execution("masked"):
        assert execution_on(CPU) == "dense"


def test_unknown_execution_is_refused():
    with pytest.raises(ValueError, match="unknown execution 'sparse'; known: dense, masked"):
        execution("sparse").__enter__()


@pytest.fixture
def model():
    torch.manual_seed(0)
    return build_model(MODEL, 3).eval()


@torch.no_grad()
def test_dense_execution_asks_for_no_positions_and_gives_the_same(model, monkeypatch):
    levels = {f"p{i}": torch.rand(2, 64, 64 // 2**i, 96 // 2**i) for i in range(3, 8)}
    levels = {name: x if x.numel() else torch.rand(2, 64, 1, 1) for name, x in levels.items()}
    with execution("masked"):
        masked = model.temporal(Frame(levels), Frame(levels))

    def forbidden(*_):
        raise AssertionError("dense execution looked for open positions")

    for module in ("masked", "cpr"):
        monkeypatch.setattr(f"tpr.routing.{module}.positions", forbidden)
    with execution("dense"):
        dense = model.temporal(Frame(levels), Frame(levels))
    for name in levels:
        torch.testing.assert_close(dense[name], masked[name], rtol=1e-4, atol=1e-5)


def test_indices_above_are_those_of_each_image_and_level():
    torch.manual_seed(0)
    levels = [torch.rand(2, 7), torch.rand(2, 1), torch.rand(2, 4)]
    found = indices_above(levels, 0.5)
    for image in range(2):
        for scores, index in zip(levels, found[image], strict=True):
            assert index.tolist() == (scores[image] > 0.5).nonzero()[:, 0].tolist()


def test_places_are_ascending_and_of_every_kind():
    found = places(torch.tensor([2, 0, 2, 2, 0]), 4)
    assert [x.tolist() for x in found] == [[1, 4], [], [0, 2, 3], []]
    assert [len(x) for x in places(torch.zeros(0, dtype=torch.long), 2)] == [0, 0]


def test_constants_have_the_types_of_their_values():
    assert constant((8, 16), CPU).dtype == torch.int64
    mixed = constant((-1.0, 64, 1e8), CPU)
    assert mixed.dtype == torch.float32
    assert mixed.tolist() == [-1.0, 64.0, 1e8]


@pytest.mark.parametrize("counts", [(3, 2), (0, 4), (0, 0)])
def test_boxes_features_are_those_of_detectron2s_pooler(counts):
    """Bit by bit, of boxes that belong to several levels, and of none."""
    torch.manual_seed(0)
    features = [torch.rand(2, 3, 64 // 2**i, 64 // 2**i) for i in range(3)]
    corners = [torch.rand(n, 2) * 100 for n in counts]
    sides = [torch.rand(n, 2) * 150 + 1 for n in counts]
    boxes = [Boxes(torch.cat([a, a + b], 1)) for a, b in zip(corners, sides, strict=True)]
    settings = (5, [1 / 4, 1 / 8, 1 / 16], 0, "ROIAlignV2")
    ours, theirs = (
        kind(*settings, canonical_box_size=56)(features, boxes) for kind in (LevelPooler, ROIPooler)
    )
    assert torch.equal(ours, theirs)
