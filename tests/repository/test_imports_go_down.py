"""The rooms of tpr/, and the packages: imports go down, also those in functions and for types."""

import ast

import pytest

from experiments.stages.layout import ROOT
from tests.helpers.import_graph import check_no_circles, files_of, packages_of, rooms_of

# from below; what stands in a line may import what stands above it, and nothing else
STOREYS = (
    (
        "tpr.extras",
        "tpr.terminal",
        "tpr.files",
        "tpr.file_heads",
        "tpr.progress_log",
        "tpr.former_names",
    ),
    ("tpr", "tpr.command", "tpr.devices", "tpr.parallel", "tpr.routing"),
    ("tpr.data", "tpr.models", "tpr.detectron2_plugin"),
    ("tpr.drawing", "tpr.evaluation", "tpr.references", "tpr.weights"),
    ("tpr.training", "tpr.inference", "tpr.footage"),
    ("tpr.cost", "tpr.export", "tpr.probes"),
    ("tpr.checkpoint", "tpr.demo", "tpr.evaluate", "tpr.visualize"),
)
PACKAGES = ("tpr", "baselines", "experiments", "reports")  # from below
MOST = 25  # files of code in a folder
FOLDERS = [
    init.parent.relative_to(ROOT)
    for package in PACKAGES
    for init in sorted((ROOT / package).rglob("__init__.py"))
]


@pytest.mark.parametrize("package", PACKAGES)
def test_neither_files_nor_rooms_import_in_a_circle(package):
    files = files_of(package)
    assert sum(map(len, files.values())) > len(files) / 2
    check_no_circles(files, rooms_of(files))


def test_no_room_of_tpr_imports_from_a_storey_above_or_its_own():
    rooms = rooms_of(files_of("tpr"))
    assert sorted(rooms) == sorted(room for storey in STOREYS for room in storey)
    below = set()
    for storey in STOREYS:
        for room in storey:
            assert rooms[room] <= below, room
        below |= set(storey)


def test_the_lowest_rooms_of_the_suite_import_from_no_other():
    rooms = rooms_of(files_of("experiments"))
    assert rooms["experiments.declared"] == rooms["experiments.stages"] == set()


def test_no_package_imports_from_one_above():
    for number, package in enumerate(PACKAGES):
        assert packages_of(package) & {*PACKAGES, "tests", "benchmarks"} <= set(PACKAGES[:number])


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_a_folder_says_what_it_is_for_and_is_no_corridor(folder):
    init = ROOT / folder / "__init__.py"
    assert ast.get_docstring(ast.parse(init.read_text(encoding="utf-8")))
    assert len([path for path in init.parent.glob("*.py") if path != init]) <= MOST
