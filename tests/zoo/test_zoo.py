"""Every command over every animal: one line that names the file, a status that says so, no more.

A command is a line in tests/zoo/commands.py, an animal one in tests/zoo/animals.py.
"""

import json
import shutil
from pathlib import Path

import pytest

from tests.faults.fuzz import time_limit
from tests.helpers.suite_helpers import make_root
from tests.helpers.ytvis_sets import content, write
from tests.zoo.animals import ANIMALS
from tests.zoo.commands import COMMANDS, Case
from tpr.evaluation.archive import pack
from tpr.terminal import printable

SECONDS = 20


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Sound files of every kind, and a copy of the manifests."""
    folder = tmp_path_factory.mktemp("sound")
    record = content(2, string_masks=True)
    write(folder / "good" / "ytvis", "archive 2019", record)
    names = ("video_id", "category_id", "segmentations")
    results = [{k: one[k] for k in names} | {"score": 0.5} for one in record["annotations"]]
    (folder / "good" / "results.json").write_text(json.dumps(results))
    pack(folder / "good" / "results.json", folder / "good" / "results.zip")
    make_root(folder / "root")
    return folder


def put(make, path: Path) -> None:
    """The animal in the place of whatever lies there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    make(path)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_over_the_zoo(sound, tmp_path, name, capsys):
    """What is wrong is told of all animals at once."""
    case = COMMANDS[name]
    places = {word: sound / word for word in ("good", "root", "work", "out")}
    for folder in places.values():
        folder.mkdir(exist_ok=True)
    path = Path(case.place.format(**places))
    before = path.read_bytes() if path.is_file() else None
    wrong = []
    for animal, make in ANIMALS.items():
        if animal == "nothing" and not case.needed:
            continue
        put(make, path)
        there = files(sound)
        capsys.readouterr()
        try:
            with time_limit(SECONDS):
                status = case(places | {"animal": path})
            found = complaints(status, case.named or path.name, *capsys.readouterr())
        except BaseException as error:
            found = [f"{type(error).__name__}: {printable(error)}"]
        found += [f"left {one}" for one in set(files(sound)) ^ set(there)]
        wrong += [f"{animal}: {one}" for one in found]
        remove(path)
    if before is not None:
        path.write_bytes(before)
    assert not wrong, "\n" + "\n".join(wrong)


def complaints(status: int, named: str, output: str, errors: str) -> list[str]:
    """What is wrong with what a command said."""
    lines = [line for line in errors.splitlines() if line.startswith("error: ")]
    found = []
    if not status:
        found.append(f"status 0: {printable(output + errors)}")
    elif len(lines) != 1:
        found.append(f"{len(lines)} lines of errors: {printable(errors)}")
    if named not in output + errors:
        found.append(f"the file is not named: {printable(errors)}")
    if "Traceback" in output + errors:
        found.append("a traceback")
    if len(max(lines, default="", key=len)) > 1100:
        found.append(f"endless: {printable(errors)}")
    return found


def test_a_pickle_ran_no_code():
    assert not Path("/tmp/tpr-zoo-was-here").exists()


@pytest.mark.parametrize("name", [name for name, case in COMMANDS.items() if "work" in case.place])
def test_a_file_name_cannot_act_on_the_terminal(sound, name, capsys):
    case = COMMANDS[name]
    places = {word: sound / word for word in ("good", "root", "work", "out")}
    ending = Path(case.place).suffix
    path = sound / "work" / f"\x1b[2J two\nlines \udcff{ending}"
    status = case(places | {"animal": path})
    printed = "".join(capsys.readouterr())
    assert status and printed.count("error: ") == 1
    assert all(line.isprintable() for line in printed.splitlines())


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("tpr.data.mini.__main__", "sheet {work} --out {work}/mine.png"),
        ("tpr.cost.speed", "--costs {work}/mine.json --out {work}/mine.json"),
        ("tpr.export.__main__", "{work}/model.json --out {work}"),
        ("tpr.visualize", "{work}/mine.json {work} --out {work}/mine.png"),
        (
            "tpr.data.__main__",
            "import coco {work}/mine.json --frames {work} --out {work}/mine.json",
        ),
        ("tpr.demo", "{work}/mine.mp4 --out {work}/mine.mp4"),
    ],
)
def test_an_output_that_is_an_input_is_refused_before_anything_is_written(
    tmp_path, module, arguments, capsys
):
    for name in ("mine.json", "mine.png", "mine.mp4", "model.json"):
        (tmp_path / name).write_text("{}")
    case = Case(module, arguments)
    assert case({"work": tmp_path}) == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path}")
    assert {path.read_text() for path in tmp_path.iterdir()} == {"{}"}
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(
    "animal", sorted(ANIMALS.keys() - {"nothing", "a link that leads nowhere"})
)
def test_a_record_that_is_none_is_named_on_the_page(tmp_path, animal):
    from experiments.stages.layout import Layout
    from reports.records.pool import load_pool

    path = tmp_path / "results" / "smoke" / "records" / "x-seed0.json"
    put(ANIMALS[animal], path)
    with time_limit(SECONDS):
        pool = load_pool(Layout("smoke", tmp_path))
    assert not pool.for_tables and any("x-seed0.json" in line for line in pool.problems)
