"""The stage `associate`: every tracker on the detections that an evaluation tracks."""

import json

import numpy as np
import pytest
import torch
from detectron2.structures import Boxes, Instances

from baselines.tracking.registry import TRACKERS
from experiments.declared.manifests import load_manifests
from experiments.declared.tracked_pairs import load_tracked_pairs
from experiments.pipeline import association
from experiments.pipeline.association import DetectedClip, associate, tracked_by_all, worth
from experiments.pipeline.graph import Graph, goal_stages, with_official_val
from experiments.stages.layout import Layout
from experiments.stages.progress import QuietLog
from tests.helpers.suite_helpers import REPOSITORY, make_root, suite
from tests.helpers.tiny import INFER, MODEL, make_dataset
from tpr.evaluation import evaluate
from tpr.inference.online import infer
from tpr.models.build import build_model
from tpr.weights import checkpoint

SPEC = {
    "model": MODEL,
    "infer": INFER,
    "evaluation": {"bootstrap": 20, "bootstrap_seed": 0},
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("data"), "val")


@pytest.fixture(scope="module")
def made(dataset, tmp_path_factory):
    """A model as it is drawn: the folder and record of its association, and its inference's."""
    torch.manual_seed(0)
    weights = tmp_path_factory.mktemp("weights") / "weights.pt"
    checkpoint.save_weights(build_model(MODEL, len(dataset.categories)), weights)
    out, usual = tmp_path_factory.mktemp("associate"), tmp_path_factory.mktemp("evaluate")
    record = associate(SPEC, dataset, weights, dataset.path, out, QuietLog())
    infer(SPEC, dataset, weights, usual, QuietLog())
    return out, usual, record["trackers"]


def test_masktracks_cues_give_exactly_what_the_evaluation_gives(made, dataset):
    out, usual, found = made
    tracks = json.loads((out / "masktrack.json").read_text())
    assert tracks and tracks == json.loads((usual / "results.json").read_text())
    usual_stats = evaluate(dataset.path, usual / "results.json").stats
    assert found["masktrack"]["AP"] == 100 * usual_stats["AP"]


def test_every_tracker_has_its_numbers_and_its_file(made):
    out, _, found = made
    assert found.keys() == TRACKERS.keys()
    assert {path.stem for path in out.glob("*.json")} == TRACKERS.keys()
    assert {path.name for path in out.glob("*.xz")} == {f"{name}.npz.xz" for name in TRACKERS}
    assert not [*out.glob("shards-*")]
    draws = {len(one["AP_draws"]) for one in found.values()}
    assert len(draws) == 1 and {one["videos"] for one in found.values()} == {3}
    assert all(0 <= one["AssA"] <= 100 for one in found.values())


@pytest.fixture
def seen(dataset, monkeypatch):
    """Clips whose detections are the true objects, in another order in each frame and all of one
    look, and a square that shows nothing."""
    shown = {}
    monkeypatch.setattr(association, "video_masks", lambda found, size: shown["masks"])
    clips = []
    for video in dataset.videos:
        clip = DetectedClip(video, dataset, INFER, None)
        for t in range(video.length):
            true = dataset.frame_instances(video, t)
            nothing = np.zeros((1, video.height, video.width), bool)
            nothing[0, :2, :2] = True
            order = [*np.random.default_rng(t).permutation(len(true.masks)), len(true.masks)]
            shown["masks"] = torch.from_numpy(np.concatenate([true.masks, nothing])[order])
            found = Instances((video.height, video.width))
            found.pred_boxes = Boxes(torch.tensor([*true.boxes.tolist(), [0, 0, 2, 2]])[order])
            found.scores = torch.full((len(order),), 0.9)
            found.pred_classes = torch.tensor([*true.classes, 0])[order]
            found.embedding = torch.ones(len(order), 4)
            clip.add(t, found)
        clips.append(clip)
    return clips


def test_the_oracle_has_no_switch_and_no_tracker_more(seen, dataset, tmp_path):
    found = {}
    for name, entries in tracked_by_all(seen, dataset).items():
        (tmp_path / f"{name}.json").write_text(json.dumps(entries))
        files = [tmp_path / f"{name}.{end}" for end in ("json", "npz.xz")]
        found[name] = worth(dataset.path, files[0], SPEC["evaluation"], files[1])
    best = found["oracle"]
    assert best["AP"] == pytest.approx(100)
    assert best["identity_switches"] == best["fragmentations"] == 0
    for name in ("AP", "AssA"):
        assert all(one[name] <= best[name] + 1e-9 for one in found.values())
    assert found["minvis"]["identity_switches"] > 0  # these looks say nothing


def test_masks_overlap_by_their_share_and_none_are_masks_too():
    masks = np.zeros((2, 4, 4), bool)
    masks[0, :2], masks[1, 1:3] = True, True
    np.testing.assert_allclose(association.mask_iou(masks, masks), [[1, 1 / 3], [1 / 3, 1]])
    assert association.mask_iou(masks[:0], masks).shape == (0, 2)
    assert association.mask_iou(masks, masks[:0]).shape == (2, 0)


def test_what_shows_nothing_has_no_truth(seen, dataset):
    for clip in seen:
        for frame in clip.frames:
            truth = frame.truth.tolist()
            assert truth[-1] == -1 and sorted(truth[:-1]) == sorted({*truth[:-1]} - {-1})


def test_the_target_plans_an_association_of_both_runs_of_each_pair():
    manifests = load_manifests(REPOSITORY / "experiments" / "manifests")
    profile = manifests.profile("mini")
    graph = Graph(manifests.runs, profile)
    goals = goal_stages(graph, manifests, ["trackers"], [0])
    assert {goal.kind for goal in goals} == {"associate"}
    heads = [run.head for run in map(manifests.runs.get, (goal.run for goal in goals))]
    assert sorted(heads) == sorted(2 * [*profile.model["heads"]])
    like = graph.evaluate(goals[0].run, 0)
    assert goals[0].input_keys == like.input_keys and goals[0].spec == like.spec
    assert goals[0].key != like.key
    official = Graph(manifests.runs, with_official_val(manifests.profile("full")))
    with pytest.raises(ValueError, match="leave out --official-val"):
        goal_stages(official, manifests, ["trackers"], [0])


def test_a_run_that_nobody_declared_is_named_and_no_file_is_no_pairs(tmp_path):
    (tmp_path / "trackers.yaml").write_text("- {better: a+b, than: c}\n")
    with pytest.raises(ValueError, match=r"trackers\.yaml:1: unknown run 'c'"):
        load_tracked_pairs(tmp_path, ["a", "a+b"])
    (tmp_path / "trackers.yaml").unlink()
    assert load_tracked_pairs(tmp_path) == ()


def test_the_suite_writes_results_of_trackers_and_no_record(tmp_path):
    root = make_root(tmp_path)
    status, output = suite(root, "trackers")
    assert status == 0, output
    layout = Layout("smoke", root)
    assert len([*layout.trackers.glob("*.json")]) == 8 and not layout.records.exists()
    kept = json.loads((layout.trackers / "blendmask-r50-seed0.json").read_text())
    assert kept["run"] == "blendmask-r50" and kept["associate"]["stage"] == "associate"
    assert "outputs" not in kept["associate"]
    assert "Nothing to do" in suite(root, "trackers")[1]
