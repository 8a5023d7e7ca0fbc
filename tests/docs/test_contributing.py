"""CONTRIBUTING.md: its commands are understood, and what it says to add is found by the suite."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import baselines
from experiments.cli import main as cli
from experiments.declared.manifests import load_manifests
from experiments.declared.tables import load_tables
from tests.helpers.suite_helpers import make_root
from tests.helpers.tiny import MODEL
from tpr.data import importing
from tpr.models.build import build_model

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.M | re.S)
RUN, TABLE = (block for language, block in BLOCKS if language == "yaml")
COMMANDS = [line for language, block in BLOCKS if not language for line in block.splitlines()]

# What is not run below, and why not.
ELSEWHERE = {
    "./run_all.sh setup": "installs 6 GB; CI begins with it",
    "source .venv/bin/activate": "made by the set-up",
    "pip install pre-commit uv": "downloads; test_requirements.py has the hooks' versions",
    "pre-commit install": "writes into .git",
    "./run_all.sh test tests/routing/test_routing.py": "its pytest is the line before",
    "./run_all.sh test": "this",
    "bash .ci/run": "runs this",
    "python -m reports.build --profile mini": "test_reports_build.py, into another folder",
    "git diff --stat reports/mini": "shows what the line before changed",
    "./run_all.sh verify": "test_verify.py, on the committed page",
}


@pytest.fixture
def root(tmp_path):
    """A copy of the manifests with the page's run and table."""
    root = make_root(tmp_path)
    manifests = root / "experiments" / "manifests"
    with (manifests / "runs.yaml").open("a") as file:
        file.write(RUN)
    (manifests / "tables" / "mine.yaml").write_text(TABLE)
    return root


def test_it_is_one_page():
    assert len(PAGE.splitlines()) <= 100


def test_every_command_is_run_here_or_elsewhere():
    here = {"python -m pytest tests/routing/test_routing.py"}
    here |= {line for line in COMMANDS if line.endswith("--dry-run")}
    here |= {line for line in COMMANDS if line.startswith(("python -m tpr.data import ", "uv "))}
    assert set(COMMANDS) - here == set(ELSEWHERE)


def test_its_test_is_found():
    (line,) = (x for x in COMMANDS if x.startswith("python -m pytest "))
    _, *arguments = line.split()
    done = subprocess.run(
        [sys.executable, *arguments, "--collect-only", "--quiet"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("line", [x for x in COMMANDS if x.endswith("--dry-run")])
def test_what_it_adds_is_planned(line, root, tmp_path, monkeypatch):
    monkeypatch.setattr(baselines, "__path__", [*baselines.__path__, str(tmp_path)])
    (tmp_path / "average.py").write_text(module())
    assert cli(line.split()[1:], root=root) == 0


def module() -> str:
    """The class of docs/add-a-module.md."""
    page = (ROOT / "docs" / "add-a-module.md").read_text()
    return re.search(r"```python\n(.*?)```", page, re.S).group(1)


def test_a_baseline_is_a_file_and_a_line(root, tmp_path, monkeypatch):
    monkeypatch.setattr(baselines, "__path__", [*baselines.__path__, str(tmp_path)])
    (tmp_path / "average.py").write_text(module())
    run = load_manifests(root / "experiments" / "manifests").runs["blendmask-r50+average"]
    name = run.temporal.module
    model = build_model(MODEL | {"temporal": {"name": name}}, 3)
    assert type(model.temporal).__module__ == "baselines.average"


def test_a_table_is_a_file(root):
    tables = {table.id: table for table in load_tables(root / "experiments" / "manifests")}
    assert tables["mine"].runs == ["blendmask-r50", "blendmask-r50+tpr"]


def test_formats_are_where_it_says():
    assert "`tpr/data/formats/` and one line in `FORMATS` of `tpr/data/importing.py`" in PAGE
    assert (ROOT / "tpr" / "data" / "formats").is_dir() and "coco" in importing.FORMATS


def test_the_lock_is_made_by_its_command():
    (line,) = (x for x in COMMANDS if x.startswith("uv "))
    assert f"#    {line}\n" in (ROOT / "requirements.lock").read_text()
