"""The rooms of experiments/: imports go one way, also those in functions and for types only."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from experiments.stages.layout import ROOT

FILES = sorted((ROOT / "experiments").rglob("*.py"))
ROOMS = ("declared", "stages", "engine", "engine/launch", "pipeline", "ship", "terminal")


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


NAMES = {module(path) for path in FILES}


def imports(path: Path) -> set[str]:
    """Modules of experiments/ that a file imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            parts = module(path).split(".") if path.name == "__init__.py" else path_parts(path)
            base = parts[: len(parts) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{source}.{alias.name}" for alias in node.names} & NAMES or {source}
    return found & NAMES - {module(path)}


def path_parts(path: Path) -> list[str]:
    """Of the folder that a module lies in."""
    return module(path).split(".")[:-1]


def room(name: str) -> str:
    """The folder below experiments/, or the module itself if it lies at the top."""
    return ".".join(name.split(".")[:2])


def test_neither_files_nor_rooms_import_in_a_circle():
    files = {module(path): imports(path) for path in FILES}
    rooms: dict[str, set[str]] = {}
    for name, found in files.items():
        rooms.setdefault(room(name), set()).update({room(one) for one in found} - {room(name)})
    assert len(rooms["experiments.cli"]) > 5
    assert rooms["experiments.declared"] == rooms["experiments.stages"] == set()
    for graph in (files, rooms):
        TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("name", ROOMS)
def test_every_room_says_in_a_sentence_what_it_is_for(name):
    text = ast.get_docstring(ast.parse((ROOT / "experiments" / name / "__init__.py").read_text()))
    assert text.count(". ") == 0 and text.endswith(".") and "\n" not in text


def test_no_room_is_a_corridor():
    for name in ROOMS:
        assert len(list((ROOT / "experiments" / name).glob("*.py"))) <= 20
