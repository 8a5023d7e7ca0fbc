"""A trained model's JSON file from anywhere: a size that no model has takes no memory."""

import copy
import hashlib
import json

import pytest
import torch

from tests.helpers.tiny import INFER, MODEL
from tpr.inference.trained import load_trained
from tpr.models.build import build_model
from tpr.weights import checkpoint

CATEGORIES = [{"id": i, "name": f"class {i}"} for i in (1, 2)]


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    torch.manual_seed(0)
    weights = tmp_path_factory.mktemp("model") / "tiny.pt"
    checkpoint.save_weights(build_model(MODEL, len(CATEGORIES)), weights)
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    described = {"model": MODEL, "infer": INFER, "categories": CATEGORIES}
    return described | {"file": str(weights), "sha256": sha256}


def load(record, folder, way=(), value=None):
    """Loads a record with another value at a place."""
    changed = copy.deepcopy(record)
    at = changed
    for key in way[:-1]:
        at = at[key]
    if way:
        at[way[-1]] = value
    path = folder / "one.json"
    path.write_text(json.dumps(changed))
    return load_trained(str(path))


def test_a_whole_model_loads(record, tmp_path):
    assert [c.name for c in load(record, tmp_path).categories] == ["class 1", "class 2"]


@pytest.mark.parametrize(
    ("way", "value", "line"),
    [
        (("model", "channels"), 10**8, "model.channels is 100000000; the limit is 8192"),
        (("model", "channels"), 8192, "tiny.pt does not fit the model at 'backbone"),
        (("model", "channels"), float("nan"), "model.channels is nan; the limit"),
        (("model", "channels"), "64", "its model cannot be built .TypeError"),
        (("model", "channels"), -64, "its model cannot be built .RuntimeError"),
        (("model", "backbone", "depths"), [10**9] * 4, r"model.backbone.depths\[0\] is 1000000000"),
        (("model", "backbone", "depths"), [1] * 1000, "model.backbone.depths has 1000 entries"),
        (("model", "head"), {"name": "x"}, "its model cannot be built .ValueError: unknown head"),
        (("model",), [1], "its model cannot be built .TypeError"),
        (("infer", "short_edge"), 10**9, "infer.short_edge is 1000000000"),
        (("infer",), {}, "does not describe a trained model .short_edge, longest"),
        (("infer", "detections"), 3, "its model cannot be built"),
        (("file",), 5, "5: no such file, though one.json names it"),
        (("base",), 5, "does not describe a trained model .file, sha256."),
    ],
)
def test_a_description_that_no_model_has_is_told_in_a_line(record, tmp_path, way, value, line):
    with pytest.raises((ValueError, FileNotFoundError), match=line) as raised:
        load(record, tmp_path, way, value)
    assert "\n" not in str(raised.value)
