"""Gain against dose: what is declared, which stages it has, and their records."""

import json

import pytest

from experiments.declared.manifest_errors import ManifestError
from experiments.declared.manifests import load_manifests
from experiments.pipeline.dosed import DosedGraph, dose_stages
from experiments.pipeline.graph import Graph
from experiments.stages.layout import ROOT, Layout
from tests.helpers.suite_helpers import calls, edit, make_root, suite

TPR = "blendmask-r50+tpr"


@pytest.fixture
def root(tmp_path):
    return make_root(tmp_path)


@pytest.fixture(scope="module")
def midi():
    manifests = load_manifests(Layout("midi", ROOT).manifests)
    graph = Graph(manifests.runs, manifests.profile("midi"))
    return graph, DosedGraph(graph, manifests.doses["midi"])


def test_the_grid_takes_every_run_to_every_dose_and_trains_nothing_of_its_own(midi):
    graph, dosed = midi
    stages = dosed.stages([0, 1], trained=False)
    runs = dosed.grid.runs
    assert len({stage.key for stage in stages}) == len(stages) == len(runs) * 2 * 6 * 4
    plain = {graph.train(run, seed).key for run in runs for seed in (0, 1)}
    assert {stage.inputs["train"].key for stage in stages} == plain


def test_a_grid_that_is_cut_off_has_whole_factors_of_all_seeds(midi):
    _, dosed = midi
    stages = dosed.stages([0, 1], trained=False)
    whole = 4 * 2 * len(dosed.grid.runs)
    first = {stage.part.rsplit("-", 1)[0] for stage in stages[:whole]}
    assert first == {"speed"} and stages[whole].part == "scale-1"
    assert [stage.run for stage in stages[: len(dosed.grid.runs)]] == dosed.grid.runs


def test_one_factor_of_doses_can_be_asked_for(midi):
    graph, dosed = midi
    grids, names = {"midi": dosed.grid}, ["doses-scale", "doses-trained-speed"]
    stages = dose_stages(graph, grids, names, [0])
    parts = {stage.part for stage in stages}
    assert parts == {
        "scale-1", "scale-1.5", "scale-2", "scale-3",
        "speed-0.5-trained", "speed-1-trained", "speed-2-trained",
    }  # fmt: skip
    assert len(stages) == 4 * len(dosed.grid.runs) + 3 * len(dosed.grid.trained.runs)
    whole = dose_stages(graph, grids, ["doses"], [0])
    both = dose_stages(graph, grids, ["doses-scale", "doses"], [0])
    assert len(both) == len(whole) and both[0].part == "scale-1"


def test_a_factor_without_declared_doses_is_refused(root):
    status, output = suite(root, "doses-speed")
    assert status == 2
    assert "doses-speed: profile smoke declares no such doses in doses.yaml" in output
    assert "factors that it does: degradation" in output


def test_sets_differ_in_the_dose_alone(midi):
    val = [midi[1].videos("speed", value).spec["splits"]["val"] for value in (0.25, 2)]
    assert [one.pop("dose")["value"] for one in val] == [0.25, 2]
    assert val[0] == val[1] and val[0]["videos"] == 200


def test_runs_trained_at_the_dose_start_from_the_same_image_model(midi):
    graph, dosed = midi
    stages = dosed.stages([0], trained=True)
    assert len(stages) == 4 * 2 * 3
    for stage in stages:
        train, plain = stage.inputs["train"], graph.train(stage.run, 0)
        assert train.spec == plain.spec and train.key != plain.key
        assert train.inputs["pretrain"].key == plain.inputs["pretrain"].key
        assert train.inputs["videos"].key == stage.inputs["videos"].key


def test_the_target_leaves_a_record_a_run_and_dose_and_finds_nothing_to_do_again(root):
    status, output = suite(root, "doses", "doses-trained")
    assert status == 0, output
    records = root / "results" / "smoke" / "doses"
    assert len(list(records.iterdir())) == 8
    one = json.loads((records / f"{TPR}-seed0-degradation-1.json").read_text())
    assert (one["run"], one["seed"]) == (TPR, 0) and not one["trained_at_dose"]
    assert one["dose"] == {"factor": "degradation", "value": 1}
    assert one["evaluate"]["inputs"]["train"] == one["train"]["key"]
    at_dose = json.loads((records / f"{TPR}-seed0-degradation-1-trained.json").read_text())
    assert at_dose["trained_at_dose"] and at_dose["train"]["key"] != one["train"]["key"]
    begun = calls(root, "begin")
    status, output = suite(root, "doses", "doses-trained")
    assert status == 0 and output.startswith("Nothing to do: all 8 results are there")
    assert calls(root, "begin") == begun
    assert not (root / "results" / "smoke" / "records").exists()


def test_a_dry_run_shows_a_line_for_the_doses_of_a_run(root):
    status, output = suite(root, "doses", "--dry-run")
    assert status == 0, output
    assert f"evaluate-dose {TPR} seed 0 at 2 settings" in output
    assert "dosed-videos degradation-1" in output


def test_a_failed_dose_is_named_with_its_dose_and_fails_no_run_of_a_table(root):
    name = f"evaluate-dose-{TPR}-seed0-degradation-1"
    status, output = suite(root, "doses", TPR_FAKE_FAIL=name)
    assert status == 1
    assert f"evaluate-dose {TPR} seed 0 degradation-1: FloatingPointError" in output
    assert len(list((root / "results" / "smoke" / "doses").iterdir())) == 3
    assert not (root / "results" / "smoke" / "failed").exists()


def test_a_profile_without_doses_says_which_have_some(root):
    status, output = suite(root, "doses", "--profile", "cells")
    assert status == 2
    known = "profiles that have: mini, midi, smoke"
    assert f"profile cells has no doses in doses.yaml; {known}" in output


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("baseline: blendmask-r50", "baseline: blendmask-r101", "'blendmask-r101' is not among"),
        ("  - blendmask-r50+merge\n", "  - blendmask-r50+merg\n", "unknown run"),
        ("speed: [0.25,", "haste: [0.25,", "unknown factor 'haste'"),
        ("speed: [0.25, 0.5,", "speed: [0.5, 0.25,", "doses of speed must rise: 0.25 comes after"),
        ("overlap: [0, 0.33, 0.67, 1]", "overlap: [0, 2]", r"a dose of overlap must be in \[0, 1]"),
        ("scale: [1, 1.5, 2, 3]", "scale: [1]", "scale needs 2 doses or more"),
        ("midi:", "midy:", "unknown profile 'midy'"),
        ("videos: 200", "videos: 0", "videos must be at least 1"),
    ],
)
def test_a_mistake_in_the_manifest_is_one_line(root, old, new, message):
    folder = root / "experiments" / "manifests"
    edit(folder / "doses.yaml", old, new)
    with pytest.raises(ManifestError, match=message):
        load_manifests(folder)


def test_a_still_world_has_no_dose_of_speed(root):
    path = root / "experiments" / "manifests" / "doses.yaml"
    edit(path, "factors: {degradation: [0, 1]}\n", "factors: {speed: [0, 1]}\n")
    status, output = suite(root, "doses", "--dry-run")
    assert status == 2 and "a dose of speed needs the setting 'motion'" in output
