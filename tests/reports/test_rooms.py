"""The rooms of reports/: no circles between them, every file in the page's key, evidence once."""

import ast
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

from experiments.ship.publish import Page
from experiments.stages.layout import ROOT, Layout
from reports.build import build
from reports.records import run_record
from tests.helpers.fake_records import write_all
from tpr.data.json_input import read_json

FILES = sorted((ROOT / "reports").rglob("*.py"))


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Modules of reports/ that a file imports anywhere, in functions and for types too."""
    nodes = [
        one for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.ImportFrom)
    ]
    return {one.module for one in nodes if one.module and one.module.startswith("reports.")}


def room(name: str) -> str:
    """The folder of a module, or itself if it lies at the top."""
    return ".".join(name.split(".")[:2])


def test_neither_files_nor_rooms_import_in_a_circle():
    files = {module(path): imports(path) for path in FILES}
    rooms: dict[str, set[str]] = {}
    for name, found in files.items():
        rooms.setdefault(room(name), set()).update({room(one) for one in found} - {room(name)})
    assert len(rooms["reports.build"]) > 3
    for graph in (files, rooms):
        TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_every_file_of_the_report_is_in_the_pages_key():
    assert set(FILES) <= set(Page(Layout("mini")).sources())


def test_a_page_reads_every_record_once(tmp_path, monkeypatch):
    write_all(tmp_path)
    read = Counter()

    def counted(path):
        read[path.name] += 1
        return read_json(path)

    monkeypatch.setattr(run_record, "read_json", counted)
    build("mini", tmp_path)
    assert len(read) == 14 and set(read.values()) == {1}
