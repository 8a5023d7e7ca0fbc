"""The temporal module in a CUDA graph: all but the recording, which needs a GPU."""

import pytest
import torch

from tests.helpers.tiny import MODEL
from tpr.inference import cuda_graph
from tpr.inference.cuda_graph import GraphedTemporal, use_cuda_graph
from tpr.models.build import build_model
from tpr.routing import Frame, execution


@pytest.fixture
def model():
    torch.manual_seed(0)
    return build_model(MODEL, 3).eval()


def frames(n, size, count):
    levels = {f"p{i}": (max(size >> i, 1), max(2 * size >> i, 1)) for i in range(3, 8)}
    return [
        Frame({name: torch.rand(n, 64, *hw) for name, hw in levels.items()}, torch.rand(n, 3, 4, 4))
        for _ in range(count)
    ]


@pytest.fixture
def captures(monkeypatch, model):
    """In place of a graph: replaying calls the module again and writes into what it gave first."""
    done = []

    def fake(call):
        done.append(call)
        result = call()
        gates = model.temporal.temporal.gates
        held = [*result.values(), *(m for use in gates for m, _ in use.costs)]

        def replay():
            new = [*call().values()]
            new += [m for use in model.temporal.temporal.gates for m, _ in use.costs]
            for old, value in zip(held, new, strict=True):
                old.copy_(value)

        for tensor in held:
            tensor.fill_(float("nan"))  # nothing is computed before the first replay
        return result, lambda: with_dense(replay)

    monkeypatch.setattr(cuda_graph, "capture", fake)
    return done


def with_dense(function):
    with execution("dense"), torch.no_grad():
        function()


@torch.no_grad()
def test_replayed_frames_are_those_of_the_module_itself(model, captures):
    """Two sizes in turn, each frame the next one's reference, which must not be overwritten."""
    temporal = model.temporal
    model.temporal = GraphedTemporal(temporal)
    for small, large in zip(frames(1, 32, 3), frames(2, 64, 3), strict=True):
        for frame in (small, large):
            reference = Frame({k: x.roll(1, 2) for k, x in frame.pyramid.items()}, frame.image)
            with execution("dense"):
                expected = temporal(frame, reference)
                opened = [use.gate.clone() for use in temporal.gates]
                found = model.refine(frame, reference).pyramid
                kept = {k: x.clone() for k, x in found.items()}
                again = model.refine(Frame(found, frame.image), frame).pyramid
                expected_again = temporal(Frame(expected, frame.image), frame)
            for name in expected:
                assert torch.equal(kept[name], expected[name])
                assert torch.equal(found[name], kept[name])
                torch.testing.assert_close(again[name], expected_again[name])
            with execution("dense"):
                model.refine(frame, reference)
            assert all(
                torch.equal(use.gate, gate) for use, gate in zip(model.gates, opened, strict=True)
            )
    assert len(captures) == 2


def test_what_a_graph_cannot_do_is_refused(model):
    graphed = GraphedTemporal(model.temporal)
    (frame,) = frames(1, 32, 1)
    masked = pytest.raises(ValueError, match="a CUDA graph cannot be masked")
    with execution("masked"), torch.no_grad(), masked:
        graphed(frame, frame)
    with pytest.raises(ValueError, match="records no gradients"):
        graphed(frame, frame)
    with pytest.raises(ValueError, match="a CUDA graph needs a GPU; the model is on cpu"):
        use_cuda_graph(model)
