"""Checkpoints of strangers: what is no weight is left out, what is no checkpoint told in a line."""

import argparse
import collections
import io
import json
import os
import pickle
import socket
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tpr.weights.reading import part_of, read
from tpr.weights.skeleton import Skeleton
from tpr.weights.states import find_state

KEYS = ("weight", "bias")
LEGACY = {"_use_new_zipfile_serialization": False}


def known(key):
    return key in KEYS


def found(path, part=None):
    return find_state(read(path), path, known, part)


@pytest.fixture
def state():
    torch.manual_seed(0)
    return nn.Linear(4, 3).state_dict()


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
    one = find_state(content, tmp_path / "x.pth", known)
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


class Attack:
    """Its unpickling runs a command."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_a_tensor_on_a_part_of_a_storage_begins_there():
    """Files of torch 0.3 share storages in this way."""
    data = torch.arange(6.0).view(torch.uint8)
    part = part_of(data, torch.float32, 2, 3)
    assert Skeleton(io.BytesIO(), 100).tensor(part, 1, (2,), (1,)).tolist() == [3, 4]
    with pytest.raises(EOFError):
        part_of(data, torch.float32, 4, 3)


@pytest.mark.parametrize("options", [{}, LEGACY, None], ids=["zip", "legacy", "pickle"])
def test_nothing_in_a_file_is_run(tmp_path, state, options):
    path, trace = tmp_path / "x.pth", tmp_path / "trace"
    content = {"model": state, "extra": Attack(trace)}
    if options is None:
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, **options)
    with pytest.raises(ValueError, match="x.pth is not a readable checkpoint: it wants .*system"):
        read(path)
    assert not trace.exists()


def zipped(path, records, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in records.items():
            archive.writestr(name, data)


def no_checkpoints(folder):
    """name: (how to make it at a path, the line about it)"""

    def text(data):
        return lambda path: path.write_bytes(data)

    def tar(path):
        with tarfile.open(path, "w") as archive:
            archive.add(__file__, "x.py")

    page, pointer = (
        b"\n<!DOCTYPE html><html>Virus scan",
        b"version https://git-lfs.github.com/spec/v1\n",
    )
    other = "not a checkpoint: unpack it first"
    return {
        "empty": (text(b""), "is empty: download or copy it again"),
        "web page": (text(page), "is a web page, not a checkpoint: its address led to a login"),
        "LFS": (
            text(pointer + b"oid sha256:00\nsize 9\n"),
            "is a git-LFS pointer .* `git lfs pull`",
        ),
        "JSON": (text(b'{"error": 404}'), "is no checkpoint: it begins with the text '{\"error"),
        "zeros": (
            text(bytes(4096)),
            "is all zeros at its beginning, .* the download did not finish",
        ),
        "gzip": (text(b"\x1f\x8b\x08" + bytes(40)), f"is a gzip archive, {other}"),
        "tar": (tar, f"is a tar archive, {other}"),
        "HDF5": (text(b"\x89HDF\r\n\x1a\n"), "is an HDF5 file"),
        "bytes": (text(bytes(range(128, 200))), "is no checkpoint: it begins with the bytes 80? ?"),
        "zip of files": (lambda p: zipped(p, {"a/b.txt": b"x"}), "a zip archive of other files"),
        "folder": (lambda p: p.mkdir(), "is a folder: name the checkpoint in it"),
        "pipe": (os.mkfifo, "is a named pipe: checkpoints are read from regular files"),
        "device": (lambda p: p.symlink_to("/dev/zero"), "is a device: checkpoints are read from"),
        "socket": (bind, "is a socket: checkpoints are read from regular files"),
        "link to nothing": (lambda p: p.symlink_to("nowhere"), "no checkpoint at .*x.pth"),
        "model": (
            lambda p: torch.save(nn.Linear(2, 2), p),
            "holds a whole torch.nn.modules.linear",
        ),
        "list": (lambda p: torch.save([1, 2], p), "holds no state dict: it is a list"),
        "number": (lambda p: torch.save(3, p), "holds no state dict: it is a int"),
        "no tensors": (lambda p: torch.save({"epoch": 3}, p), "no tensors, but 'epoch' .int."),
        "objects": (
            lambda p: p.write_bytes(pickle.dumps({"weight": np.array([None, "x"])})),
            "holds no state dict: no tensors, but 'weight' .array of objects.",
        ),
    }


def bind(path):
    here = Path.cwd()
    try:
        os.chdir(path.parent)  # the name of a socket has to be short
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.parametrize("name", no_checkpoints(None))
def test_what_is_no_checkpoint_is_told_in_a_line(tmp_path, name):
    make, line = no_checkpoints(tmp_path)[name]
    make(tmp_path / "x.pth")
    with pytest.raises((ValueError, FileNotFoundError), match=line) as raised:
        found(tmp_path / "x.pth")
    assert "\n" not in str(raised.value) and "x.pth" in str(raised.value)


@pytest.mark.parametrize("options", [{}, LEGACY], ids=["zip", "legacy"])
def test_cut_off_and_damaged_files_are_told(tmp_path, state, options):
    path = tmp_path / "x.pth"
    torch.save({"model": state}, path, **options)
    whole = path.read_bytes()
    for length in range(2, len(whole) - 1, 97):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="x.pth is .*(cut off|no checkpoint|not a readable)"):
            read(path)


def test_a_flipped_bit_in_the_weights_is_found(tmp_path, state):
    path = tmp_path / "x.pth"
    torch.save({"model": state}, path)
    damaged = bytearray(path.read_bytes())
    damaged[damaged.index(state["weight"].numpy().tobytes()) + 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="x.pth is cut off or damaged .*CRC"):
        read(path)


def bomb_of_zeros(path):
    zipped(path, {"a/data.pkl": pickle.dumps(1), "a/data/0": bytes(2**27)}, zipfile.ZIP_DEFLATED)


def bomb_of_strides(path):
    torch.save({"weight": torch.zeros(1).expand(10**6, 10**6)}, path)


def bomb_of_storage(path):
    """The old format declares how long a storage is, and would have it made at once."""
    torch.save({"weight": torch.arange(777.0)}, path, **LEGACY)
    short, long = pickle.dumps(777, 2)[2:-1], pickle.dumps(2**31 - 1, 2)[2:-1]
    assert path.read_bytes().count(short) >= 2
    path.write_bytes(path.read_bytes().replace(short, long, 1))


def bomb_of_memo(path):
    """The unpickler in C makes a table as long as the largest index."""
    path.write_bytes(b"\x80\x02]r\xff\xff\xff\x7f0" + pickle.dumps({"epoch": 3}, 2)[2:])


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (bomb_of_zeros, "declares records of 134,.* bytes; the limit, by the file's size, is 67,"),
        (bomb_of_strides, "it declares a tensor of 4,000,000,000,000 bytes; the limit"),
        (bomb_of_storage, "it declares storages of 8,589,934,588 bytes; the limit"),
        (bomb_of_memo, "holds no state dict: no tensors"),
    ],
)
def test_bombs_are_refused_before_they_take_memory(tmp_path, make, line):
    make(tmp_path / "x.pth")
    with pytest.raises(ValueError, match=f"x.pth .*{line}"):
        found(tmp_path / "x.pth")


def test_names_in_a_file_cannot_act_on_the_terminal(tmp_path):
    torch.save({"\x1b[31m" + "x" * 10_000: 3}, tmp_path / "x.pth")
    with pytest.raises(ValueError, match="no state dict") as raised:
        found(tmp_path / "x.pth")
    assert "\x1b" not in str(raised.value) and len(str(raised.value)) < 1000
