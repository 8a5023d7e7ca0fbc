"""Commands and options that sentences of the documentation name are there."""

import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest

from experiments.declared.manifests import OTHER_TARGETS, load_manifests
from experiments.terminal.options import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
CODE = re.compile(r"`([^`]+)`")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
# of docker
OTHERS = {"--ipc", "--shm-size"}
# targets that run_all.sh itself knows, and placeholders for one of the reader's
SHELL = {"setup", "test", "audit", "verify", "check-gpu", "--help", "RUN", "TABLE", "TARGET"}


def code(page: Path) -> list[str]:
    """The code in a page's sentences."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return [" ".join(found.split()) for found in CODE.findall(text)]


@cache
def known_options() -> str:
    """All text in which a command of ours declares its options."""
    files = [path for name in ("tpr", "experiments", "reports", "benchmarks", "tests")
             for path in (ROOT / name).rglob("*.py")]  # fmt: skip
    shell = (ROOT / "run_all.sh").read_text()
    return "\n".join(path.read_text() for path in files) + shell.replace(" --", ' "--')


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_options_exist(page):
    named = {option for text in code(page) for option in OPTION.findall(text)} - OTHERS
    missing = {one for one in named if not re.search(rf'"{one}\b', known_options())}
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_exist(page):
    for text in code(page):
        for module in re.findall(r"python -m ([\w.]+)", text):
            spec = importlib.util.find_spec(module)
            assert spec, f"{page.name}: {text}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_targets_exist(page):
    manifests = load_manifests(ROOT / "experiments/manifests")
    known = {*manifests.tables, *manifests.runs, *OTHER_TARGETS, *COMMANDS, *SHELL}
    known |= {"offset-fit", "trackers"}
    for text in code(page):
        for words in re.findall(r"\./run_all\.sh ([\w.+-]+)", text):
            assert words in known or words.startswith("--"), f"{page.name}: {text}"
