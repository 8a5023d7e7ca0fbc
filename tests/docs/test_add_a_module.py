"""docs/add-a-module.md: what it says to add makes a run, a row and a model."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from experiments.declared.manifests import check_runs, load_manifests
from experiments.declared.tables import load_tables
from experiments.pipeline.graph import Graph
from tests.helpers.suite_helpers import make_root
from tests.helpers.tiny import MODEL
from tpr.models.build import build_model
from tpr.routing import Frame

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
    assert len(PAGE.splitlines()) <= 80


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
    assert f"train {RUN} seed 0" in done.stdout


def test_the_module_is_imported_and_averages(tmp_path, monkeypatch):
    (tmp_path / "average.py").write_text(blocks("python")[0])
    monkeypatch.syspath_prepend(tmp_path)
    model = build_model(MODEL | {"temporal": {"name": "average.Average"}}, 3)
    query, reference = (Frame({"p3": torch.full((1, 64, 2, 2), x)}) for x in (1.0, 4.0))
    refined = model.refine(query, reference).pyramid["p3"]
    torch.testing.assert_close(refined, torch.full((1, 64, 2, 2), 2.5))
    assert model.gates == []


def test_a_class_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="'nowhere.Average' cannot be imported: No module named"):
        build_model(MODEL | {"temporal": {"name": "nowhere.Average"}}, 3)
