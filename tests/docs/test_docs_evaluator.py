"""docs/evaluator.md: every command of it runs, and prints what the page shows."""

import json
import re
import shlex
from pathlib import Path

import pytest

from tpr import evaluate

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "evaluator.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
# What is not run here, and why not.
ELSEWHERE = {
    "pip install .": "test_package.py, without a download",
    "python -m benchmarks.evaluator --sets 500": "minutes; test_compiled_masks.py has some sets",
}
STARTS = ("tpr-evaluate ", "python -m tpr.evaluate ")


def commands() -> list[tuple[str, str | None]]:
    """Command lines, and what is shown to come of them, if it is."""
    found = []
    for (kind, block), (_, following) in zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True):
        lines = [line.split("  #")[0].rstrip() for line in block.splitlines()]
        lines = [line for line in lines if line.startswith((*STARTS, "pip ", "python "))]
        shown = following if following.startswith(("AP and AR", "A: ")) else None
        if not kind:
            found += [(line, shown if len(lines) == 1 else None) for line in lines]
    return found


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The files that the page names: 25 generated videos; B lacks a quarter of A's results, C has
    a fifth of the true tracks more."""
    case = json.loads((ROOT / "tests" / "data" / "ytvis" / "r28_bigger.json").read_text())
    results = case["dt"]
    keys = ("video_id", "category_id", "segmentations")
    exact = [
        {key: one[key] for key in keys} | {"score": 0.99}
        for one in case["gt"]["annotations"]
        if one["id"] % 5 == 0
    ]
    fewer = [one for place, one in enumerate(results) if place % 4]
    contents = {"GT": case["gt"], "A": results, "B": fewer, "C": results + exact}
    for name, content in contents.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("line", "shown"), [one for one in commands() if one[0].startswith(STARTS)]
)
def test_a_command_prints_what_the_page_shows(files, capsys, line, shown):
    arguments = shlex.split(line.removeprefix("python -m "))[1:]
    assert evaluate.main(arguments) == 0
    out = capsys.readouterr().out
    assert shown is None or out == shown


def test_every_other_command_is_known():
    others = {line for line, _ in commands() if not line.startswith(STARTS)}
    assert others == set(ELSEWHERE)
    assert sum(shown is not None for _, shown in commands()) == 3


def test_the_code_runs(files):
    (code,) = [block for _, block in BLOCKS if block.startswith("from tpr")]
    names: dict = {}
    exec(code, names)
    assert names["metrics"].groups["length"]


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
