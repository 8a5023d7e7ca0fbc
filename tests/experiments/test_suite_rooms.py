"""The rooms of experiments/: imports go one way, also those in functions and for types only."""

import ast

import pytest

from experiments.stages.layout import ROOT
from tests.helpers.import_graph import check_no_circles, files_of, rooms_of

ROOMS = ("declared", "stages", "engine", "engine/launch", "pipeline", "ship", "terminal")


def test_neither_files_nor_rooms_import_in_a_circle():
    files = files_of("experiments")
    rooms = rooms_of(files)
    assert len(rooms["experiments.cli"]) > 5
    assert rooms["experiments.declared"] == rooms["experiments.stages"] == set()
    check_no_circles(files, rooms)


@pytest.mark.parametrize("name", ROOMS)
def test_every_room_says_in_a_sentence_what_it_is_for(name):
    text = ast.get_docstring(ast.parse((ROOT / "experiments" / name / "__init__.py").read_text()))
    assert text.count(". ") == 0 and text.endswith(".") and "\n" not in text


def test_no_room_is_a_corridor():
    for name in ROOMS:
        assert len(list((ROOT / "experiments" / name).glob("*.py"))) <= 20
