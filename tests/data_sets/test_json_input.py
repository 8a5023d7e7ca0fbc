"""JSON from anywhere: every encoding is read, everything else is one line that names the file."""

import gzip
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tpr.data.json_input import integer, number, parse_json, read_json, shown


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_every_encoding_of_json_is_read(tmp_path, encoding):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"é": [1]}, ensure_ascii=False), encoding=encoding)
    assert read_json(path) == {"é": [1]}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not valid JSON"),
        (b'{"a": 1, "b": [{"c": 1, "c": 2}]}', "an object has the key 'c' twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b'[{"a":' * 100_000, "nested too deeply"),
        (b"9" * 5000, "not valid JSON"),
        (b'["\xff"]', "not valid JSON"),
        (gzip.compress(b"[]", mtime=0), "a gzip archive, not JSON: unpack it first"),
        (b"PK\x03\x04...", "a zip file, not JSON: unpack it first"),
        (b" \n", "not valid JSON (empty): copy or download it again"),
        (b"\n<!DOCTYPE html><html>", "a web page, not JSON: its address led to a login"),
        (b"<?xml version='1.0'?><Error/>", "an XML file, not JSON: servers answer so"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a git-LFS pointer, not JSON: `git lfs"),
        (b'{"a": 1}\n{"a": 2}\n', "JSON lines, or files joined?"),
        (b"[1][2]", "JSON lines, or files joined?"),
        (b"\x80\x04]\x94.", "a pickle? write its content by json.dump"),
    ],
)
def test_what_is_no_json_is_named(tmp_path, data, message):
    path = tmp_path / "x.json"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"x\.json: ") as raised:
        read_json(path)
    assert message in str(raised.value) and "\n" not in str(raised.value)


def test_pipes_devices_and_folders_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, kind in (
        (tmp_path / "pipe", "a pipe or a device"),
        ("/dev/zero", "a pipe or a device"),
        (tmp_path, "a folder"),
    ):
        with pytest.raises(ValueError, match=f"cannot be read .is {kind}, not a file"):
            read_json(path)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_what_python_writes_comes_back(value):
    assert parse_json(json.dumps(value).encode(), "x") == value


@pytest.mark.parametrize("value", ["1", True, None, 1.5, float("nan"), float("inf"), [1], {}])
def test_what_is_no_integer_is_shown(value):
    with pytest.raises(ValueError, match='^a video: "id" is .*, not an integer$'):
        integer({"id": value}, "id", "a video")


def test_whole_floats_are_integers():
    assert integer({"id": 3.0}, "id", "a video") == 3
    assert type(integer({"id": 3.0}, "id", "a video")) is int


@pytest.mark.parametrize("value", ["0.9", True, None, float("nan"), float("-inf"), 10**400])
def test_what_is_no_finite_number_is_shown(value):
    with pytest.raises(ValueError, match='^a result: "score" is .*, not a (finite )?number$'):
        number({"score": value}, "score", "a result")


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


def test_any_value_is_shown_on_a_short_line():
    values = ["x" * 10**7, [0] * 10**6, "\x1b[31m\n", 10**5000, 10**4200, nested(900), {1: {2: 3}}]
    for value in values:
        assert len(shown(value)) <= 40 and shown(value).isprintable()
