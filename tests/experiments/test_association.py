"""The stage `associate`: every tracker on the detections that an evaluation tracks."""

import json

import numpy as np
import pytest
import torch
from detectron2.structures import Boxes, Instances

from baselines.propagation.motion import EXACT, FLOW, SAMPLING
from baselines.propagation.registry import OF_GENERATED, PROPAGATORS
from baselines.tracking.registry import TRACKERS
from experiments.declared.manifests import load_manifests
from experiments.declared.tracked_pairs import Tracked, load_tracked
from experiments.pipeline import association, propagation
from experiments.pipeline.association import (
    TRUE_MASKS,
    DetectedClip,
    associate,
    detect,
    tracked_by_all,
    worth,
)
from experiments.pipeline.graph import Graph, with_official_val
from experiments.pipeline.propagation import CarriedMasks
from experiments.pipeline.targets import goal_stages, left_out
from experiments.stages.layout import Layout
from experiments.stages.progress import QuietLog
from tests.helpers.suite_helpers import REPOSITORY, make_root, suite
from tests.helpers.tiny import INFER, MODEL, make_dataset
from tpr.data.rle import encode
from tpr.data.segmentation import decode
from tpr.evaluation import evaluate
from tpr.inference.online import infer
from tpr.models.build import build_model
from tpr.references.exact_flow import ExactFlow
from tpr.routing import Frame
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


def test_the_first_videos_are_tracked_as_among_all(made, dataset, tmp_path):
    weights = next(made[0].parent.glob("weights*/weights.pt"))
    few = associate(SPEC | {"videos": 2}, dataset, weights, dataset.path, tmp_path, QuietLog())
    first = {video.id for video in dataset.videos[:2]}
    for name in made[2]:
        whole, part = (
            json.loads((folder / f"{name}.json").read_text()) for folder in (made[0], tmp_path)
        )
        assert part == [one for one in whole if one["video_id"] in first]
        stats = evaluate(dataset.path, part, video_ids=sorted(first)).stats
        assert few["trackers"][name]["AP"] == 100 * stats["AP"]
        assert few["trackers"][name]["videos"] == 2


def test_masktracks_cues_give_exactly_what_the_evaluation_gives(made, dataset):
    out, usual, found = made
    tracks = json.loads((out / "masktrack.json").read_text())
    assert tracks and tracks == json.loads((usual / "results.json").read_text())
    usual_stats = evaluate(dataset.path, usual / "results.json").stats
    assert found["masktrack"]["AP"] == 100 * usual_stats["AP"]


def test_every_tracker_has_its_numbers_and_its_file(made):
    out, _, found = made
    assert found.keys() == TRACKERS.keys() | {TRUE_MASKS} | PROPAGATORS.keys()
    assert {path.stem for path in out.glob("*.json")} == found.keys()
    assert {path.name for path in out.glob("*.xz")} == {f"{name}.npz.xz" for name in found}
    assert not [*out.glob("shards-*")]
    draws = {len(one["AP_draws"]) for one in found.values()}
    assert len(draws) == 1 and {one["videos"] for one in found.values()} == {3}
    assert all(0 <= one["AssA"] <= 100 for one in found.values())


@pytest.fixture
def seen(dataset, monkeypatch):
    """Clips whose detections are the true objects, in another order in each frame and all of one
    look, and a square that shows nothing."""
    shown, generator = {}, torch.Generator().manual_seed(0)
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
            clip.previous = Frame({"p3": torch.randn(1, 8, 8, 12, generator=generator)})
            clip.picture = dataset.read_frame(video, t)
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


def test_true_masks_are_those_of_the_objects_whatever_the_detections_masks_are(seen, dataset):
    whole = tracked_by_all(seen, dataset)
    assert whole[TRUE_MASKS] == whole["true-ids"]  # detections' masks are the true ones
    for clip in seen:
        clip.masks = [[halved(one) for one in frame] for frame in clip.masks]
    cut = tracked_by_all(seen, dataset)
    assert cut[TRUE_MASKS] == whole[TRUE_MASKS]
    aps = [evaluate(dataset.path, cut[name]).stats["AP"] for name in ("true-ids", TRUE_MASKS)]
    assert 0 <= aps[0] < 0.5 < aps[1]


def halved(mask):
    """Run lengths of a mask without every other column."""
    pixels = decode(mask, *mask["size"])
    pixels[:, ::2] = False
    return encode(pixels)


def test_what_shows_nothing_has_no_truth(seen, dataset):
    for clip in seen:
        for frame in clip.frames:
            truth = frame.truth.tolist()
            assert truth[-1] == -1 and sorted(truth[:-1]) == sorted({*truth[:-1]} - {-1})


def test_the_target_plans_an_association_of_both_runs_of_each_pair():
    manifests = load_manifests(REPOSITORY / "experiments" / "manifests")
    profile = manifests.profile("smoke")
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


def test_a_profile_compares_the_pairs_whose_runs_it_has_and_tells_the_others():
    manifests = load_manifests(REPOSITORY / "experiments" / "manifests")
    declared = len(manifests.tracked.pairs)
    for name, pairs in [("midi", 1), ("cells", 2), ("mini", declared), ("smoke", declared)]:
        graph = Graph(manifests.runs, manifests.profile(name))
        assert len(goal_stages(graph, manifests, ["trackers"], [0])) == 2 * pairs
        told = left_out(graph, manifests, ["trackers"])
        assert len(told) == declared - pairs and left_out(graph, manifests, ["blendmask-r50"]) == []
        assert all(line.endswith(f"not both are runs of profile {name}") for line in told)


def test_videos_of_a_profile_are_in_its_stages_spec_and_only_there():
    manifests = load_manifests(REPOSITORY / "experiments" / "manifests")
    assert manifests.tracked.videos.keys() == {"midi", "mini"}
    for name in ("midi", "mini", "smoke"):
        graph = Graph(manifests.runs, manifests.profile(name))
        found = {
            goal.spec.get("videos") for goal in goal_stages(graph, manifests, ["trackers"], [1])
        }
        assert found == {manifests.tracked.videos.get(name)}


@pytest.mark.parametrize(
    ("videos", "message"),
    [("{midi: 0}", "at least 1"), ("{midy: 5}", "unknown profile 'midy'; did you mean 'midi'")],
)
def test_videos_of_no_profile_or_none_of_them_are_named(tmp_path, videos, message):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "midi.yaml").touch()
    (tmp_path / "trackers.yaml").write_text(f"pairs: []\nvideos: {videos}\n")
    with pytest.raises(ValueError, match=rf"trackers\.yaml:2: .*{message}"):
        load_tracked(tmp_path)


def test_a_run_that_nobody_declared_is_named_and_no_file_is_no_pairs(tmp_path):
    (tmp_path / "trackers.yaml").write_text("pairs:\n- {better: a+b, than: c}\n")
    with pytest.raises(ValueError, match=r"trackers\.yaml:2: unknown run 'c'"):
        load_tracked(tmp_path, ["a", "a+b"])
    (tmp_path / "trackers.yaml").unlink()
    assert load_tracked(tmp_path) == Tracked()


def test_the_suite_writes_results_of_trackers_and_no_record(tmp_path):
    root = make_root(tmp_path)
    status, output = suite(root, "trackers")
    assert status == 0, output
    layout = Layout("smoke", root)
    pairs = load_tracked(root / "experiments" / "manifests").pairs
    assert len([*layout.trackers.glob("*.json")]) == 2 * len(pairs) and not layout.records.exists()
    kept = json.loads((layout.trackers / "blendmask-r50-seed0.json").read_text())
    assert kept["run"] == "blendmask-r50" and kept["associate"]["stage"] == "associate"
    assert "outputs" not in kept["associate"]
    assert "Nothing to do" in suite(root, "trackers")[1]


def test_propagators_get_what_the_temporal_module_sampled(dataset, monkeypatch):
    """DACR's own displacement in the video's pixels, and the exact flow of generated videos."""
    torch.manual_seed(0)
    model = build_model(MODEL, len(dataset.categories)).eval()
    views = []

    class Watching:
        def step(self, view):
            views.append(view)
            return []

    monkeypatch.setattr(propagation, "PROPAGATORS", {"watching": Watching})
    monkeypatch.setattr(association, "PROPAGATORS", {"watching": Watching})
    detect(model, dataset, dataset.videos[:2], INFER)
    assert len(views) == 2 * dataset.videos[0].length
    for view in views[:2]:
        assert view.motion == {}
    for view in views[2:]:
        assert view.motion.keys() == {FLOW, SAMPLING, EXACT}
        assert {tuple(one.shape) for one in view.motion.values()} == {(2, 64, 96)}
        assert view.motion[SAMPLING].any()  # offsets start at random
    assert not torch.equal(views[2].motion[SAMPLING], views[3].motion[SAMPLING])
    true = ExactFlow(dataset).between(dataset.videos[0], 1, 0)
    np.testing.assert_allclose(views[2].motion[EXACT].numpy(), true.transpose(2, 0, 1))
    views.clear()
    model.temporal = None
    detect(model, dataset, dataset.videos[:2], INFER)
    assert views[-1].motion.keys() == {FLOW, EXACT}


def test_recorded_videos_are_spared_what_needs_the_exact_flow(dataset):
    carried = CarriedMasks(dataset.videos[0], None)
    assert carried.propagators.keys() == PROPAGATORS.keys() - OF_GENERATED
    assert carried.propagators.keys() == carried.tracks.keys()
