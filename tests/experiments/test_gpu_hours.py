"""The dry run of a profile with a GPU: hours from counted multiply-accumulates."""

import pytest

from experiments.declared.manifests import load_manifests
from experiments.declared.profiles import Accelerator
from experiments.pipeline.graph import Graph
from experiments.terminal import gpu_hours
from tests.helpers.suite_helpers import REPOSITORY, suite

GPU = Accelerator("some GPU", tflops=100.0, utilisation=0.5)
# a network of 1 G multiply-accumulates and 3 M parameters for a frame of 360 x 640
COST = {
    "size": [360, 640],
    "macs": {"backbone": {"convolutions and matrix products": 10**9}},
    "params": {"backbone": 3 * 10**6},
    "gated": {},
    "dead": [],
}


@pytest.fixture(scope="module")
def manifests():
    return load_manifests(REPOSITORY / "experiments" / "manifests")


@pytest.fixture
def graph(manifests):
    return Graph(manifests.runs, manifests.profile("full"))


def test_hours_of_a_run(graph):
    """11520 iterations of 64 pairs, 3 x 2 GFLOPs a frame of 420 lines on average, at 50 TFLOP/s."""
    found = gpu_hours.hours(graph.evaluate("blendmask-r50", 0), COST, GPU)
    lines = (360**2 + 360 * 480 + 480**2) / 3 / 360**2
    assert found.train == pytest.approx(11520 * 64 * 2 * lines * 3 * 2e9 / 50e12 / 3600)
    assert found.evaluate == pytest.approx(302 * 27.6 * 2e9 / 50e12 / 3600)
    assert (found.kept, found.working) == (6e6, 36e6)


def test_a_training_that_two_runs_share_counts_once(graph, manifests):
    names = ("blendmask-r50", "blendmask-r50+tpr", "blendmask-r50+tpr-budget1.5")
    stages = [graph.evaluate(name, 0) for name in names]
    lines = gpu_hours.table(stages, manifests.tables, dict.fromkeys(names, COST), GPU)
    assert lines[1].split()[:3] == ["blendmask-r50", "1a", "1b"]
    assert len({line.split()[-3] for line in lines[1:4]}) == 1
    assert lines[4].startswith("all, each training once") and lines[4].split()[4] == "2"
    assert "some GPU, 100 TFLOP/s at 50% use" in lines[5]


def test_a_run_whose_cost_was_not_counted_says_so(graph, manifests):
    lines = gpu_hours.table([graph.evaluate("yolact-r50", 0)], manifests.tables, {}, GPU)
    assert lines[1].endswith("cost not counted: ./run_all.sh 1f")


def test_the_dry_run_of_full_lists_every_run_and_needs_no_data(manifests):
    status, output = suite(REPOSITORY, "--profile", "full", "--dry-run")
    assert status == 0
    table = output[output.index("run    ") :]
    listed = {line.split()[0] for line in output.splitlines() if line.strip()}
    generated_only = {name for name, run in manifests.runs.items() if run.needs_exact_flow}
    assert set(manifests.runs) - generated_only <= listed and "train GPU h" in table
    assert "note: blendmask-r50+oracle-warp is left out: recorded data have no exact flow" in output


def test_columns_stand_below_their_heads_whatever_the_names(graph, manifests):
    long = "blendmask-r50+dacr+full-routing"
    stages = [graph.evaluate(name, 0) for name in ("blendmask-r50", long)]
    costs = dict.fromkeys(("blendmask-r50", long), COST)
    head, *runs, total = gpu_hours.table(stages, manifests.tables, costs, GPU)[:4]
    ends = {len(line.rsplit(maxsplit=3)[0]) for line in (*runs, total)}
    assert ends == {head.index("seeds") + len("seeds")}
