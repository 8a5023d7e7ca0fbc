"""Gain against scale: what is declared, which stages it has, and their records."""

import json

import pytest

from experiments.declared.manifest_errors import ManifestError
from experiments.declared.manifests import load_manifests
from experiments.declared.scale import Cell
from experiments.engine.plan import make_plan
from experiments.engine.schedule import total_seconds
from experiments.pipeline.graph import Graph
from experiments.pipeline.scaled import ScaledGraph, scale_times, widened
from experiments.stages.durations import Durations
from experiments.stages.layout import ROOT, Layout
from tests.helpers.suite_helpers import calls, edit, make_root, suite

BASE, TPR = "blendmask-r50", "blendmask-r50+tpr"


@pytest.fixture
def root(tmp_path):
    return make_root(tmp_path)


@pytest.fixture(scope="module")
def manifests():
    return load_manifests(Layout("midi", ROOT).manifests)


@pytest.fixture(scope="module")
def midi(manifests):
    graph = Graph(manifests.runs, manifests.profile("midi"))
    return graph, ScaledGraph(graph, manifests.scales["midi"])


def test_the_grid_is_four_cells_and_five_that_are_held_out(midi):
    scaled = midi[1]
    stages = {held: scaled.stages([0, 1, 2], held_out=held) for held in (False, True)}
    assert [len(stages[held]) for held in (False, True)] == [4 * 3 * 3, 5 * 3 * 3]
    keys = {stage.inputs["train"].key for some in stages.values() for stage in some}
    assert len(keys) == 9 * 3 * 3
    parts = {stage.part for stage in stages[True]}
    assert all("width-2" in part or "videos-1200" in part for part in parts)
    assert {Cell.of(part).part for part in parts} == parts


def test_width_1_and_the_profile_s_videos_are_the_profile_s_own_training(midi):
    graph, scaled = midi
    own = scaled.evaluate(TPR, 0, Cell(1, 600))
    assert own.inputs["train"].key == graph.train(TPR, 0).key
    assert own.inputs["train"].inputs["pretrain"].name == BASE  # the name under which it ships


def test_image_models_are_shared_by_the_cells_of_a_width_and_by_runs(midi):
    graph, scaled = midi
    cells = [cell for held in (False, True) for cell in scaled.grid.cells(held_out=held)]
    found = {
        cell.width: {
            scaled.train(run, seed, cell).inputs["pretrain"].key
            for run in scaled.grid.runs
            for seed in (0, 1)
        }
        for cell in cells
    }
    assert [len(keys) for keys in found.values()] == [1, 1, 1]
    assert found[1] == {graph.pretrain(BASE).key}


def test_cells_differ_in_width_and_training_videos_alone(midi):
    graph, scaled = midi
    plain = graph.train(TPR, 1)
    wide, more = scaled.train(TPR, 1, Cell(2, 600)), scaled.train(TPR, 1, Cell(1, 1200))
    assert wide.inputs["videos"].key == plain.inputs["videos"].key
    assert wide.spec["train"] == plain.spec["train"]
    assert wide.spec["model"]["channels"] == 2 * plain.spec["model"]["channels"]
    assert more.spec == plain.spec
    assert more.inputs["pretrain"].key == plain.inputs["pretrain"].key
    splits = more.inputs["videos"].spec["splits"]
    assert splits == {"train": plain.inputs["videos"].spec["splits"]["train"] | {"videos": 1200}}
    tested = [scaled.evaluate(TPR, 1, cell) for cell in (Cell(2, 1200), Cell(1, 300))]
    assert {stage.inputs["videos"].key for stage in tested} == {graph.videos().key}


def test_full_is_as_many_times_as_wide_as_declared(manifests, midi):
    full, grid = manifests.profile("full"), midi[1].grid
    assert manifests.scales["mini"].full == grid.full
    wide = widened(midi[0].profile.model, grid.full.width)
    assert wide["channels"] == full.model["channels"]
    assert wide["track"]["embedding"] == full.model["track"]["embedding"]
    basis = [m["heads"]["blendmask"]["basis"]["width"] for m in (wide, full.model)]
    assert basis[0] == basis[1]
    assert grid.full.videos == 2238 - full.data["holdout_videos"]
    assert grid.full.doublings(grid.largest) == pytest.approx(1.69, abs=0.01)


def test_a_width_leaves_channels_enough_for_the_processor_s_kernels(manifests):
    with pytest.raises(ValueError, match="width 0.25 makes 4 of res2_channels 16: at least 8"):
        widened({"res2_channels": 16}, 0.25)
    for profile, grid in manifests.scales.items():
        for width in grid.widths:
            widened(manifests.profile(profile).model, width)


def test_a_width_needs_whole_channels():
    with pytest.raises(ValueError, match="width 0.3 makes 19.2 of channels 64"):
        widened({"channels": 64}, 0.3)


@pytest.mark.parametrize("profile", ["mini", "midi"])
def test_the_documented_hours_follow_from_the_declared_times(manifests, profile, tmp_path):
    graph = Graph(manifests.runs, manifests.profile(profile))
    scaled = ScaledGraph(graph, manifests.scales[profile])
    times = scale_times(graph, manifests.scales)
    (tmp_path / "weights").symlink_to(ROOT / "weights")  # and no runs
    layout = Layout(profile, tmp_path)
    durations = Durations(layout, graph.profile.expected_seconds, times)
    goals = {held: scaled.stages([0, 1, 2], held_out=held) for held in (False, True)}
    first, both = (make_plan(some, layout) for some in (goals[False], goals[False] + goals[True]))
    done = {step.stage.key for step in first}
    later = [step for step in both if step.stage.key not in done]
    hours = [total_seconds(some, durations, 2) / 3600 for some in (first, later)]
    text = " ".join((ROOT / "docs" / "mini-world.md").read_text().split())
    assert f"of `{profile}` {hours[0]:.1f} and {hours[1]:.1f} hours on two cores" in text


def test_a_stage_of_another_width_takes_its_times(midi, tmp_path):
    graph, scaled = midi
    durations = Durations(Layout("midi", tmp_path), {"train": 100.0}, {32: 0.5, 64: 1, 128: 3})
    assert durations(scaled.train(TPR, 0, Cell(2, 600))) == 300
    folder = tmp_path / "results" / "midi" / "records"
    folder.mkdir(parents=True)
    half = scaled.train(TPR, 0, Cell(0.5, 600)).request() | {"seconds": 40.0}
    (folder / "one.json").write_text(json.dumps({"train": half}))
    durations = Durations(Layout("midi", tmp_path), {"train": 100.0}, {32: 0.5, 64: 1, 128: 3})
    assert durations(graph.train(TPR, 0)) == pytest.approx(80)


def test_held_out_cells_wait_for_the_prediction(root):
    status, output = suite(root, "scale-held-out")
    assert status == 2 and "results/smoke/scale-prediction.json is missing" in output
    assert "./run_all.sh scale --profile smoke" in output
    assert calls(root, "begin") == []
    status, output = suite(root, "scale-held-out", "--dry-run")
    assert status == 0 and f"train {TPR} seed 0 at 5 settings" in output
    status, output = suite(root, "scale")
    assert status == 0, output
    records = root / "results" / "smoke" / "scale"
    assert len(list(records.iterdir())) == 4 * 2
    (root / "results" / "smoke" / "scale-prediction.json").write_text("{}")
    status, output = suite(root, "scale-held-out")
    assert status == 0 and len(list(records.iterdir())) == 9 * 2
    one = json.loads((records / f"{TPR}-seed0-width-2-videos-6.json").read_text())
    assert (one["run"], one["seed"]) == (TPR, 0)
    assert one["scale"] == {"width": 2, "videos": 6}
    assert one["evaluate"]["inputs"]["train"] == one["train"]["key"]
    assert one["train"]["inputs"]["pretrain"] == one["pretrain"]["key"]
    begun = calls(root, "begin")
    assert len([name for name in begun if name.startswith("pretrain-")]) == 3
    status, output = suite(root, "scale", "scale-held-out")
    assert status == 0 and output.startswith("Nothing to do: all 18 results are there")
    assert calls(root, "begin") == begun
    assert not (root / "results" / "smoke" / "records").exists()


def test_a_profile_without_scales_says_which_have_some(root):
    status, output = suite(root, "scale", "--profile", "cells")
    assert status == 2
    assert "profile cells has no scales in scale.yaml; profiles that have: mini, midi" in output


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("baseline: blendmask-r50", "baseline: blendmask-r101", "'blendmask-r101' is not among"),
        ("blendmask-r50+merge,", "blendmask-r50+merg,", "unknown run"),
        ("widths: [0.5, 1, 2]", "widths: [1, 0.5, 2]", "widths must rise from above 0: 0.5 comes"),
        ("videos: [300, 600, 1200]", "videos: [300, 600]", "videos needs 3 values or more"),
        ("times: [0.65, 1, ", "times: [1, ", "times needs one for each of widths"),
        ("seeds: [0, 1, 2]", "seeds: []", "seeds is empty"),
        ("midi:", "midy:", "unknown profile 'midy'"),
    ],
)
def test_a_mistake_in_the_manifest_is_one_line(root, old, new, message):
    folder = root / "experiments" / "manifests"
    edit(folder / "scale.yaml", old, new)
    with pytest.raises(ManifestError, match=message):
        load_manifests(folder)
