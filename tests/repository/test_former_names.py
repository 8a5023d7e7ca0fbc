"""Modules can be imported under the names they once had; nothing in the repository does so."""

import importlib
import subprocess
import sys

import pytest

from experiments.stages.layout import ROOT
from tests.helpers.import_graph import named
from tpr.former_names import Finder

TOPS = ("tpr", "baselines", "experiments", "reports", "tests", "benchmarks")
FORMER = {
    old: new
    for finder in sys.meta_path
    if isinstance(finder, Finder)
    for old, new in finder.former.items()
}


@pytest.mark.parametrize("old", sorted(FORMER))
def test_a_former_name_gives_the_very_module_and_says_where_it_is(old, monkeypatch):
    monkeypatch.delitem(sys.modules, old, raising=False)
    with pytest.warns(DeprecationWarning, match=f"^{old} has moved to {FORMER[old]}$"):
        module = importlib.import_module(old)
    assert module is importlib.import_module(FORMER[old])
    assert module.__name__ == module.__spec__.name == FORMER[old]


def test_what_lies_below_a_moved_package_is_not_loaded_twice():
    from tpr.weights.conversion.convert import convert

    sys.modules.pop("tpr.conversion.convert", None)
    with pytest.warns(DeprecationWarning, match=r"to tpr\.weights\.conversion\.convert$"):
        module = importlib.import_module("tpr.conversion.convert")
    assert module.convert is convert


def test_what_is_replaced_under_one_name_is_replaced_under_the_other(monkeypatch):
    from tpr.training import step

    monkeypatch.setattr("tpr.step.device", "elsewhere")
    assert step.device == "elsewhere"


def test_checkpoint_is_a_command_and_a_former_name():
    import tpr.checkpoint as old
    from tpr.weights import checkpoint

    assert old is checkpoint
    command = [sys.executable, "-m", "tpr.checkpoint", "list"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "" and "R_50_3x" in done.stdout


def test_the_warning_names_the_line_that_imports(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys\nfrom tpr import former_names\nimport tpr.parts\n")
    command = [sys.executable, "-W", "default::DeprecationWarning", str(script)]
    done = subprocess.run(
        command, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT), "PATH": ""}
    )
    assert f"{script}:3: DeprecationWarning: tpr.parts has moved to" in done.stderr


def test_nothing_in_the_repository_imports_a_former_name():
    old = {*FORMER, "tpr.checkpoint"}
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (path for top in TOPS for path in sorted((ROOT / top).rglob("*.py")))
        if path.name != "test_former_names.py"
        for name in named(path)
        if any(name == one or name.startswith(f"{one}.") for one in old)
    ]
    assert found == []
