"""What tests of the demo play on."""

import hashlib
import json

import pytest
import torch

from tests.helpers.tiny import INFER, MODEL, make_dataset
from tpr.models.build import build_model
from tpr.weights import checkpoint


@pytest.fixture(scope="module")
def setting(tmp_path_factory):
    """A data set, and a random model's JSON file beside its weights."""
    folder = tmp_path_factory.mktemp("demo")
    dataset = make_dataset(folder / "data")
    torch.manual_seed(0)
    weights = folder / "tiny.pt"
    checkpoint.save_weights(build_model(MODEL, len(dataset.categories)), weights)
    record = {
        "model": MODEL,
        "infer": INFER,
        "categories": [vars(category) for category in dataset.categories],
        "file": weights.name,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
    path = folder / "tiny.json"
    path.write_text(json.dumps(record))
    return dataset, path, record
