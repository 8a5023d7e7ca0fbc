"""Text files are read and written as UTF-8 wherever the locale says something else."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path
    for folder in ("baselines", "benchmarks", "experiments", "reports", "tpr")
    for path in (ROOT / folder).rglob("*.py")
)
MODE_PLACE = {"open": 1, ".open": 0}  # of the argument that says "rb"
BINARY = ("os", "av", "Image", "archive")  # names of modules and zip files, whose open differs
TEXT = (".read_text", ".write_text")


def without_encoding(source: str) -> Iterator[int]:
    """Lines that open text without naming its encoding."""
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name = called(call.func)
        if {"encoding", None} & {keyword.arg for keyword in call.keywords}:
            continue
        if name in TEXT or (name in MODE_PLACE and is_text(call, MODE_PLACE[name])):
            yield call.lineno


def called(function: ast.expr) -> str:
    """ "open" of the built-in function, ".open" of a path's method; "" of those of BINARY."""
    if isinstance(function, ast.Name):
        return function.id
    if not isinstance(function, ast.Attribute):
        return ""
    owner = function.value
    binary = isinstance(owner, ast.Name) and owner.id in BINARY
    return "" if binary else f".{function.attr}"


def is_text(call: ast.Call, place: int) -> bool:
    modes = [x.value for x in call.args[place : place + 1] if isinstance(x, ast.Constant)]
    modes += [k.value.value for k in call.keywords if k.arg == "mode"]
    return not any("b" in str(mode) for mode in modes)


@pytest.mark.parametrize("source", ["open(x)", "x.open('a')", "p.read_text()", "p.write_text(t)"])
def test_text_without_an_encoding_is_found(source):
    assert list(without_encoding(source)) == [1]


@pytest.mark.parametrize("source", ["x.open('rb')", "os.open(x, 1)", "open(x, encoding='utf-8')"])
def test_bytes_and_named_encodings_are_not(source):
    assert list(without_encoding(source)) == []


def test_every_text_file_is_opened_with_its_encoding():
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in SOURCES
        for line in without_encoding(path.read_text(encoding="utf-8"))
    ]
    assert not found, "name the encoding: " + ", ".join(found)
