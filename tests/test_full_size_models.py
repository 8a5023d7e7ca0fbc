"""Full-size models beside the public ones: every key, shape and so every parameter is accounted."""

import json
import math
from pathlib import Path

import pytest
import torch

from tpr.conversion import METHODS, SOURCES
from tpr.conversion.convert import convert
from tpr.models.build import build_model, full_size

KEYS = Path(__file__).parent / "data" / "keys"


def public_shapes(name):
    return json.loads((KEYS / f"{name}.json").read_text())["keys"]


def weights(state):
    """How many weights: norms included, their statistics and counters not."""
    return sum(
        math.prod(shape)
        for name, shape in state.items()
        if not name.endswith(("running_mean", "running_var", "num_batches_tracked"))
    )


@pytest.mark.parametrize(
    ("name", "classes", "public", "ours"),
    [
        ("yolact-r50", 80, 31_164_943, 31_164_943),
        ("yolact-r101", 80, 50_157_071, 50_157_071),
        # theirs has a box and a mask for the background: 4 x 1025 and 257 weights
        ("masktrack-r50", 40, 58_081_093, 58_081_093 - 4 * 1025 - 257),
    ],
)
def test_all_of_the_public_model_is_used_and_nothing_is_missing(name, classes, public, ours):
    method, backbone = name.split("-")
    theirs = public_shapes(name)
    assert weights(theirs) == public
    with torch.device("meta"):
        model = build_model(full_size(METHODS.get(method, method), backbone), classes)
        state = {k: torch.empty(shape) for k, shape in theirs.items()}
        done = convert(state, model, SOURCES[method])
    assert not done.partial and not done.missing
    assert {key.rsplit(".", 1)[1] for key, _ in done.skipped} == {"num_batches_tracked"}
    own = {k: list(v.shape) for k, v in model.state_dict().items() if k not in set(done.fresh)}
    assert weights(own) == ours
