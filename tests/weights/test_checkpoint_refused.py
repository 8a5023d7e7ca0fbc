"""What is no checkpoint, or attacks its reader, is told in a line, and nothing of it is run."""

import os
import pickle
import socket
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.helpers.checkpoint_files import LEGACY, found, linear_state
from tpr.weights.reading import read


@pytest.fixture
def state():
    return linear_state()


class Attack:
    """Its unpickling runs a command."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


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
            "is a git-LFS pointer, not a checkpoint: `git lfs pull`",
        ),
        "JSON": (text(b'{"error": 404}'), "is no checkpoint: it begins with the text '{\"error"),
        "zeros": (
            text(bytes(4096)),
            "is all zeros at its beginning, .* the download did not finish",
        ),
        "gzip": (text(b"\x1f\x8b\x08" + bytes(40)), f"is a gzip archive, {other}"),
        "tar": (tar, f"is a tar archive, {other}"),
        "quantised": (
            lambda p: torch.save(torch.quantize_per_tensor(torch.ones(2), 1, 0, torch.qint8), p),
            "quantised tensors: dequantize.. them first",
        ),
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
