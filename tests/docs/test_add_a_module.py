"""docs/add-a-module.md: what it says to add makes a run, a row, a model and a tracker."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from baselines.tracking.detections import online
from baselines.tracking.registry import TRACKERS
from experiments.declared.manifests import check_runs, load_manifests
from experiments.declared.tables import load_table, load_tables
from experiments.pipeline.graph import Graph
from tests.baselines.test_trackers import FRAMES, OBJECTS, clip
from tests.helpers.suite_helpers import make_root
from tests.helpers.tiny import MODEL
from tpr.models.build import build_model
from tpr.routing import Frame, noted_gates

PAGE = (Path(__file__).parents[2] / "docs" / "add-a-module.md").read_text()
RUN = "blendmask-r50+average"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def root(tmp_path):
    """A copy of the manifests with the page's two lines."""
    root = make_root(tmp_path)
    run, row = blocks("yaml")
    manifests = root / "experiments" / "manifests"
    with (manifests / "runs.yaml").open("a") as file:
        file.write(run)
    table = manifests / "tables" / "1d.yaml"
    table.write_text(table.read_text().replace("claims:", f"{row}claims:", 1))
    return root


def test_the_page_is_short():
    assert len(PAGE.splitlines()) <= 100


@pytest.mark.parametrize("profile", ["mini", "smoke", "full"])
def test_the_run_and_its_row_are_there(root, profile):
    folder = root / "experiments" / "manifests"
    manifests = load_manifests(folder)
    check_runs(manifests, manifests.profile(profile))
    stage = Graph(manifests.runs, manifests.profile(profile)).train(RUN, 0)
    assert stage.spec["model"]["temporal"] == {"name": "average.Average"}
    (table,) = [table for table in load_tables(folder) if table.id == "1d"]
    (row,) = [row for row in table.rows if row.run == RUN]
    assert row.baseline == "blendmask-r50+tpr"


def test_the_suite_plans_it(root):
    code = (
        "import sys; from pathlib import Path; from experiments.cli import main\n"
        f"sys.exit(main({[RUN, '--profile', 'smoke', '--dry-run']}, root=Path({str(root)!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert RUN in done.stdout


def test_the_module_is_imported_and_averages(tmp_path, monkeypatch):
    (tmp_path / "average.py").write_text(blocks("python")[0])
    monkeypatch.syspath_prepend(tmp_path)
    model = build_model(MODEL | {"temporal": {"name": "average.Average"}}, 3)
    query, reference = (Frame({"p3": torch.full((1, 64, 2, 2), x)}) for x in (1.0, 4.0))
    refined = model.refine(query, reference).pyramid["p3"]
    torch.testing.assert_close(refined, torch.full((1, 64, 2, 2), 2.5))
    assert model.gates == []


def test_the_tracker_is_a_file_and_a_line(monkeypatch):
    names = {}
    exec(blocks("python")[1], names)
    line = re.search(r"`\"never\": (.*),`", PAGE)[1]
    tracker = eval(line, {"online": online, "Never": names["Never"]})
    monkeypatch.setitem(TRACKERS, "never", tracker)
    ids = TRACKERS["never"](clip())
    assert torch.cat(ids).tolist() == list(range(OBJECTS * FRAMES))


class OwnGates(nn.Module):
    """Has a layer called gates, which is none of the budget's records."""

    def __init__(self, channels):
        super().__init__()
        self.gates = nn.Conv2d(channels, 1, 1)

    def forward(self, query, reference):
        return {name: x * self.gates(x).sigmoid() for name, x in query.pyramid.items()}


@pytest.mark.parametrize(
    "kept",
    [
        nn.Conv2d(1, 1, 1),
        nn.ModuleList([nn.Conv2d(1, 1, 1)]),
        nn.ModuleDict({"p3": nn.Conv2d(1, 1, 1)}),
        nn.ParameterList([torch.ones(1)]),
        torch.ones(3),
        {"p3": torch.ones(3)},
        0.5,
        None,
    ],
)
def test_gates_of_a_class_that_are_no_records_are_its_own(kept):
    module = OwnGates(4)
    del module.gates
    module.gates = kept
    assert noted_gates(module) == []


def test_a_model_with_such_a_class_has_no_budget_loss():
    name = f"{__name__}.OwnGates"
    model = build_model(MODEL | {"temporal": {"name": name}}, 3)
    frame = Frame({"p3": torch.ones(1, 64, 2, 2)})
    assert model.refine(frame, frame).pyramid["p3"].shape == (1, 64, 2, 2)
    assert model.gates == []


def test_a_list_of_something_else_is_named():
    module = OwnGates(4)
    del module.gates
    module.gates = [torch.ones(1)]
    with pytest.raises(ValueError, match=r"OwnGates\.gates holds Tensor: .* GateUse"):
        noted_gates(module)


def test_a_row_put_first_changes_no_other_rows_baseline(tmp_path):
    root = make_root(tmp_path)
    manifests = root / "experiments" / "manifests"
    with (manifests / "runs.yaml").open("a") as file:
        file.write(blocks("yaml")[0])
    before = baselines(manifests)
    for path in (manifests / "tables").glob("*.yaml"):
        text = path.read_text()
        labels = list(load_table(path).rows[0].cells)
        row = {"run": RUN, "cells": dict.fromkeys(labels, "average"), "published": {}}
        path.write_text(text.replace("rows:\n", f"rows:\n  - {json.dumps(row)}\n", 1))
    after = baselines(manifests)
    assert {key: after[key] for key in before} == before
    assert {after[key] for key in set(after) - set(before)} == {None}


def baselines(manifests):
    """(table, run) to the run that its gain is counted from."""
    tables = load_tables(manifests)
    return {(table.id, row.run): table.baseline_of(row) for table in tables for row in table.rows}


def test_a_class_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="'nowhere.Average' cannot be imported: No module named"):
        build_model(MODEL | {"temporal": {"name": "nowhere.Average"}}, 3)
