"""Every file, module and name of this repository that the documentation mentions exists."""

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
PACKAGES = "tpr|baselines|experiments|reports|tests|benchmarks"
PATH = re.compile(rf"(?<![\w./-])(?:{PACKAGES})/[\w./+-]*\w/?")
MODULE = re.compile(rf"(?<![\w./-])(?:{PACKAGES})(?:\.\w+)+")

# that a reader makes by following the page, or that a run leaves
MADE = {"baselines/average.py", "baselines.average", "baselines.average.Average"}
MADE |= {"baselines/tracking/never.py", "experiments/manifests/tables/mine.yaml"}
MADE |= {"reports/full/index.html"}
MADE |= {"reports/full-trial", "reports/full-trial/index.html"}


def exists(name: str) -> bool:
    """Whether a dotted name is a module, or something that a module defines."""
    module, _, rest = name.rpartition(".")
    try:
        if importlib.util.find_spec(name):
            return True
    except ModuleNotFoundError:
        pass
    return bool(module) and (
        hasattr(importlib.import_module(module), rest)
        if importlib.util.find_spec(module)
        else False
    )


def mentioned(page: Path, pattern: re.Pattern) -> list[str]:
    return sorted(set(pattern.findall(page.read_text(encoding="utf-8"))) - MADE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_that_a_page_names_exist(page):
    missing = [name for name in mentioned(page, PATH) if not (ROOT / name).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_modules_and_names_that_a_page_names_exist(page):
    assert not [name for name in mentioned(page, MODULE) if not exists(name)]


def test_contributing_says_where_the_three_central_decisions_are_made():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    part = text.split("## Where things are")[1].split("\n## ")[0]
    named = re.findall(r"`([\w/]+\.py)` \(`(\w+)`\)", part)
    assert len(named) >= 3
    for path, name in named:
        assert re.search(rf"^(def|class) {name}\b", (ROOT / path).read_text(), re.MULTILINE), name
