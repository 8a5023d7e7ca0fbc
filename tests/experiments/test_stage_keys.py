"""Keys: they change with everything that matters for a stage's result, and with nothing else."""

import json
from dataclasses import replace

import pytest

from experiments.declared.manifests import load_manifests
from experiments.declared.runs import Run, Temporal
from experiments.pipeline.graph import Graph, temporal_spec
from experiments.stages.stage import Stage, difference, in_order
from tests.helpers.suite_helpers import REPOSITORY, edit, make_root

RUN = "blendmask-r50+tpr"


@pytest.fixture
def root(tmp_path):
    return make_root(tmp_path)


def keys(root, run=RUN, seed=0):
    manifests = load_manifests(root / "experiments" / "manifests")
    graph = Graph(manifests.runs, manifests.profile("smoke"))
    evaluate = graph.evaluate(run, seed)
    train = evaluate.inputs["train"]
    stages = (train.inputs["videos"], graph.images(), train.inputs["pretrain"], train, evaluate)
    return {stage.kind: stage.key for stage in stages}


def changed(root, old, new, file="profiles/smoke.yaml"):
    before = keys(root)
    edit(root / "experiments" / "manifests" / file, old, new)
    after = keys(root)
    return [kind for kind in before if before[kind] != after[kind]]


ALL_TRAINED = ["pretrain", "train", "evaluate"]


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        ("workers: null", "workers: 1", []),
        ("seeds: [0]", "seeds: [0, 1]", []),
        ("pretrain: 2,", "pretrain: 3,", []),
        ("iterations: 20", "iterations: 21", ALL_TRAINED),
        ("iterations: 10", "iterations: 11", ["train", "evaluate"]),
        ("embedding: 16", "embedding: 32", ["train", "evaluate"]),
        ("budget_weight: 0.1", "budget_weight: 0.2", ["train", "evaluate"]),
        ("scale_init: 0.1", "scale_init: 0.0", ["train", "evaluate"]),
        ("threshold: 0.02", "threshold: 0.03", ["evaluate"]),
        ("bootstrap: 50", "bootstrap: 60", ["evaluate"]),
        ("val: {videos: 4", "val: {videos: 5", ["videos", "train", "evaluate"]),
        ("images: {videos: 16", "images: {videos: 17", ["images", *ALL_TRAINED]),
        ("channels: 16", "channels: 32", ALL_TRAINED),
        ("checkpoint_every: 5", "checkpoint_every: 7", []),
        ("checkpoint_every: 3", "checkpoint_every: 4", []),
    ],
)
def test_a_setting_changes_the_stages_it_matters_for(root, old, new, kinds):
    assert changed(root, old, new) == kinds


@pytest.fixture
def full():
    """The profile that trains on GPUs."""
    return load_manifests(REPOSITORY / "experiments" / "manifests").profile("full")


def stages_of(profile, **settings):
    """Of a run with a flow network, by kind, with the settings in the profile's training."""
    runs = {"a": Run("blendmask", "r50", Temporal("flow-warp"))}
    graph = Graph(runs, replace(profile, train=profile.train | settings))
    return {stage.kind: stage for stage in in_order([graph.evaluate("a", 0)])}


def kinds_that_change(profile, **settings):
    before, after = stages_of(profile), stages_of(profile, **settings)
    return [kind for kind in before if before[kind].key != after[kind].key]


@pytest.mark.parametrize("settings", [{"micro_batch": 2}, {"checkpoint_every": 50}])
def test_how_a_training_is_carried_out_restarts_nothing(full, settings):
    assert kinds_that_change(full, **settings) == []
    stage = stages_of(full, **settings)["train"]
    assert settings.items() <= stage.request()["spec"]["train"].items()


def test_the_precision_of_a_training_restarts_it_and_what_needs_its_weights(full):
    assert kinds_that_change(full, precision="fp16") == ["train", "evaluate"]


def test_that_there_are_micro_batches_matters_as_images_then_have_streams_of_their_own(root):
    profile = load_manifests(root / "experiments" / "manifests").profile("smoke")
    assert kinds_that_change(profile, micro_batch=1) == ["train", "evaluate"]


def test_a_pretrainings_micro_batch_matters_as_batchnorm_sees_one_at_once():
    spec = {"train": {"micro_batch": 2, "checkpoint_every": 5}}
    other = {"train": {"micro_batch": 4, "checkpoint_every": 9}}
    assert Stage("pretrain", "a", "x", spec).key != Stage("pretrain", "a", "x", other).key
    assert Stage("train", "a", "x", spec).key == Stage("train", "a", "x", other).key


def test_why_a_stage_runs_again_never_names_how_it_is_carried_out(full):
    before = stages_of(full)["train"]
    after = stages_of(full, micro_batch=2, clip=1.0)["train"]
    assert difference(before.request(), after) == "train.clip 35.0 -> 1.0"


def test_keys_of_the_shipped_records_are_those_of_the_profile_mini():
    manifests = load_manifests(REPOSITORY / "experiments" / "manifests")
    profile = manifests.profile("mini")
    graph = Graph(manifests.runs, profile)
    shipped = sorted((REPOSITORY / "results" / "mini" / "records").glob("*-seed0.json"))
    records = [json.loads(path.read_text()) for path in shipped]
    runs = manifests.target_runs(manifests.everything(profile))
    assert sorted(record["run"] for record in records) == sorted(runs)
    for record in records:
        evaluation = graph.evaluate(record["evaluate"]["run"], 0)
        found = {name: record[name]["key"] for name in ("train", "evaluate")}
        assert found == {"train": evaluation.inputs["train"].key, "evaluate": evaluation.key}


def test_the_order_of_settings_does_not_matter(root):
    assert changed(root, "embedding: 16, depth: 1", "depth: 1, embedding: 16") == []


def test_a_whole_number_equals_its_decimal_spelling(root):
    assert changed(root, "clip: 10.0", "clip: 10") == []


def test_a_seed_changes_training_and_evaluation_only(root):
    zero, one = keys(root, seed=0), keys(root, seed=1)
    assert [kind for kind in zero if zero[kind] != one[kind]] == ["train", "evaluate"]


def test_runs_of_one_head_and_backbone_share_the_pretraining(root):
    assert keys(root)["pretrain"] == keys(root, "blendmask-r50")["pretrain"]
    assert keys(root)["pretrain"] != keys(root, "blendmask-r101")["pretrain"]


def test_parts_of_a_temporal_module_are_switched_and_changed():
    profile = {"tpr": {"dacr": {"a": 1}, "cpr": {"rows": [3]}}}
    declared = Temporal("tpr", {"dacr": {"outer_gate": False}, "cpr": False})
    assert temporal_spec(declared, profile) == {
        "name": "tpr",
        "dacr": {"a": 1, "outer_gate": False},
        "cpr": None,
    }


def test_plain_options_of_a_temporal_module_come_from_the_profile_unless_the_run_changes_them():
    profile = {"released": {"cell": "pconv", "rows": [3, 2]}}
    declared = Temporal("released", {"cell": "dynamic"})
    assert temporal_spec(declared, profile) == {
        "name": "released",
        "cell": "dynamic",
        "rows": [3, 2],
    }


def test_data_stages_change_their_version_with_the_generator():
    from experiments.stages.stage import VERSIONS
    from tpr.data.mini.settings import GENERATOR_VERSION

    assert VERSIONS["videos"] == VERSIONS["images"] == GENERATOR_VERSION


def test_pretraining_may_take_its_iterations_by_backbone(root):
    edit(
        root / "experiments/manifests/profiles/smoke.yaml",
        "iterations: 20",
        "iterations: {r50: 20, r101: 30}",
    )
    assert keys(root) == keys(make_root(root / "other"))
    assert changed(root, "r50: 20", "r50: 21") == ALL_TRAINED
    assert changed(root, "r101: 30", "r101: 31") == []


def test_a_run_may_have_its_own_budget_weight(root):
    graph = Graph(
        {
            "a": Run("blendmask", "r50", None),
            "b": Run("blendmask", "r50", None, budget_weight=1.5),
        },
        load_manifests(root / "experiments" / "manifests").profile("smoke"),
    )
    assert graph.train("a", 0).spec["model"]["budget_weight"] == 0.1
    assert graph.train("b", 0).spec["model"]["budget_weight"] == 1.5
    assert graph.train("b", 0).input_keys == graph.train("a", 0).input_keys


def test_an_image_model_may_continue_another_ones_pretraining(root):
    settings = load_manifests(root / "experiments" / "manifests").profile("smoke")
    settings.pretrain["continued"] = {"b-r50": {"run": "a", "iterations": 3}}
    settings.model["heads"] |= {"a": {}, "b": {}}
    graph = Graph({"a": Run("a", "r50", None), "b": Run("b", "r50", None)}, settings)
    alone, continued = graph.pretrain("a"), graph.pretrain("b")
    assert alone.spec["train"]["iterations"] == 20
    assert "continued" not in alone.spec["train"]
    assert continued.spec["train"] == alone.spec["train"] | {"iterations": 3}
    assert continued.inputs["start"].key == alone.key
