"""Checkpoints of strangers are read in every format and wrapping; what is no weight is left out."""

import argparse
import collections
import io
import json
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.helpers.checkpoint_files import LEGACY, found, linear_state
from tpr.weights.reading import part_of, read
from tpr.weights.skeleton import Skeleton


@pytest.fixture
def state():
    return linear_state()


def run_objects():
    """What trainings keep beside their weights."""
    model = nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.rand(3, 2)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step)
    return {
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler,  # a whole object, with the optimizer in it
        "args": argparse.Namespace(lr=0.1),
        "best": np.float64(31.2),
        "folder": Path("runs"),
        "rng": np.random.default_rng(0),
        "counts": collections.Counter("aab"),
        "lists": collections.defaultdict(list, {"a": [1]}),
        "classes": {"cat", "dog"},
        "names": np.array(["cat", None], dtype=object),
        "device": torch.device("cpu"),
    }


@pytest.mark.parametrize("options", [{}, LEGACY], ids=["zip", "legacy"])
def test_objects_of_a_training_are_left_out_and_named(tmp_path, state, options):
    def local_schedule(step):
        return step

    objects = run_objects()
    objects["scheduler"].lr_lambdas = [len]  # a function, by its name
    torch.save({"model": state, **objects}, tmp_path / "x.pth", **options)
    content = read(tmp_path / "x.pth")
    one = found(tmp_path / "x.pth")
    assert one.name == "model" and one.tensors.keys() == state.keys()
    assert all(torch.equal(value, state[key]) for key, value in one.tensors.items())
    assert "argparse.Namespace" in content.ignored
    assert any("LambdaLR" in kind for kind in content.ignored)


@pytest.mark.parametrize("options", [{}, LEGACY], ids=["zip", "legacy"])
def test_all_of_torchs_types_and_views_are_read_as_torch_reads_them(tmp_path, options):
    torch.manual_seed(0)
    base = torch.rand(24)
    content = {
        "views": [base.view(4, 6).t(), base[::2], base[3:7], base.expand(2, 24)],
        "numbers": {dtype: torch.tensor([1, 0, 3]).to(dtype) for dtype in NUMBERS},
        "parameter": nn.Parameter(torch.rand(2, 2)),
        "none": torch.zeros(0, 3),
        "scalar": torch.tensor(5),
        "plain": [1, 2.5, "a", None, True, (3,), {"k": b"bytes"}],
    }
    torch.save(content, tmp_path / "x.pt", **options)
    expected = torch.load(tmp_path / "x.pt", weights_only=True)
    assert_same(read(tmp_path / "x.pt").value, expected)


NUMBERS = (
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.int8,
    torch.uint8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.bool,
    torch.complex64,
)


def assert_same(ours, theirs):
    if isinstance(theirs, torch.Tensor):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        assert torch.equal(ours, theirs)
    elif isinstance(theirs, dict):
        assert ours.keys() == theirs.keys()
        for key, value in theirs.items():
            assert_same(ours[key], value)
    elif isinstance(theirs, list | tuple):
        for one, other in zip(ours, theirs, strict=True):
            assert_same(one, other)
    else:
        assert ours == theirs


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("ending", [".pkl", ".pth"])
def test_pickles_of_arrays_are_read_in_every_protocol(tmp_path, state, protocol, ending):
    """detectron2's model zoo has such files."""
    if protocol < 2 and ending == ".pth":
        return  # text: only its name tells it from others
    arrays = {
        "weight": np.asfortranarray(state["weight"].numpy()),
        "bias": state["bias"].numpy().astype(">f4"),
    }
    path = tmp_path / f"x{ending}"
    path.write_bytes(pickle.dumps({"model": arrays, "__author__": "zoo"}, protocol))
    tensors = found(path).tensors
    assert all(torch.equal(tensors[key], value) for key, value in state.items())


def test_pickled_tensors_are_read(tmp_path, state):
    """By pickle.dump, not torch.save."""
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps(state))
    assert all(torch.equal(found(path).tensors[key], value) for key, value in state.items())


def wrapped(state):
    """name: (content, the part that is taken, or None where one has to be chosen)"""
    other = {key: value * 0 for key, value in state.items()}
    behind = {f"module.{key}": value for key, value in state.items()}
    return {
        "bare": (state, ""),
        "model": ({"model": state, "epoch": 3}, "model"),
        "model_state": ({"model_state": state}, "model_state"),
        "state_dict in a dict": ({"checkpoint": {"state_dict": state}}, "checkpoint.state_dict"),
        "in a list": ([{"epoch": 3}, state], "1"),
        "DataParallel": ({"state_dict": behind}, "state_dict.module"),
        "Lightning": (
            {"state_dict": {f"model.{k}": v for k, v in state.items()}},
            "state_dict.model",
        ),
        "averaged beside": ({"model_ema": other, "model": state}, "model"),
        "averaged beside, DataParallel": (
            {"ema": {f"module.{k}": v * 0 for k, v in state.items()}, "model": behind},
            "model.module",
        ),
        "only averaged": ({"model_ema": {"module": state}}, "model_ema.module"),
        "twice the same": ({"model": state, "best": dict(state)}, "model"),
        "optimizer first": (
            {"optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}}, "net": state},
            "net",
        ),
        "numbers beside": ({**state, "epoch": 3, "best": np.float32(0.3)}, ""),
        "compiled": ({f"_orig_mod.{k}": v for k, v in state.items()}, None),
        "teacher and student": (
            {f"{who}.{k}": v * i for i, who in enumerate("ts") for k, v in state.items()},
            None,
        ),
        "two models": ({"a": state, "b": other}, None),
    }


@pytest.mark.parametrize("name", wrapped({}))
def test_the_weights_are_found_in_their_wrapping(tmp_path, state, name):
    content, part = wrapped(state)[name]
    path = tmp_path / "x.pth"
    torch.save(content, path)
    if part is None:
        with pytest.raises(ValueError, match="x.pth holds the weights as '.*: choose by --part"):
            found(path)
        return
    one = found(path)
    assert one.name == part and one.tensors.keys() == state.keys()
    assert all(torch.equal(value, state[key]) for key, value in one.tensors.items())


def test_a_part_is_taken_by_its_name(tmp_path, state):
    path = tmp_path / "x.pth"
    torch.save({"model": {f"_orig_mod.{k}": v for k, v in state.items()}}, path)
    assert found(path, "model._orig_mod").tensors.keys() == state.keys()
    with pytest.raises(ValueError, match="no part 'ema'; there are: 'model', 'model._orig_mod'"):
        found(path, "ema")


def test_what_is_beside_the_weights_is_told(tmp_path, state):
    path = tmp_path / "x.pth"
    torch.save({"model": {**state, "epoch": 3}, "model_ema": dict(state)}, path)
    one = found(path)
    assert one.left_out == ("epoch",) and one.other == ("model_ema",)


def test_safetensors(tmp_path, state):
    path = tmp_path / "x.safetensors"
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for key, value in state.items():
        more = value.numpy().tobytes()
        place = [len(data), len(data) + len(more)]
        header[key] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": place}
        data += more
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    assert all(torch.equal(found(path).tensors[key], value) for key, value in state.items())
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ValueError, match="x.safetensors is cut off: get it again"):
        read(path)


def test_a_tensor_on_a_part_of_a_storage_begins_there():
    """Files of torch 0.3 share storages in this way."""
    data = torch.arange(6.0).view(torch.uint8)
    part = part_of(data, torch.float32, 2, 3)
    assert Skeleton(io.BytesIO(), 100).tensor(part, 1, (2,), (1,)).tolist() == [3, 4]
    with pytest.raises(EOFError):
        part_of(data, torch.float32, 4, 3)
