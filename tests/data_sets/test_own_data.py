"""A user's own data: what --data takes, how files become splits, and what is said of mistakes."""

import json

import pytest

from experiments.declared.manifest_errors import ManifestError
from experiments.declared.manifests import load_manifests
from experiments.declared.own_data import load_own_data
from experiments.declared.own_overlap import overlap
from experiments.declared.own_profile import with_own_data
from experiments.declared.trial import trial
from experiments.pipeline.graph import Graph
from experiments.pipeline.own_videos import prepared
from experiments.ship.ship_weights import is_generated
from experiments.stages.layout import ROOT, Layout
from experiments.stages.progress import QuietLog
from experiments.terminal.live_line import ended
from tests.helpers.ytvis_sets import HEIGHT, WIDTH, content, save
from tpr.data.findings import BrokenDataError
from tpr.data.prepared import open_split

RUN = "blendmask-r50+tpr"


def annotated(folder, name, videos, ending=".jpg", **changes):
    """<name>.json and its frames, in <name>-frames."""
    record = content(videos, 3) | changes
    for video in record["videos"]:
        video["file_names"] = [one.replace(".jpg", ending) for one in video["file_names"]]
        for one in video["file_names"]:
            save(folder / f"{name}-frames" / one, (WIDTH, HEIGHT))
    (folder / f"{name}.json").write_text(json.dumps(record))


def manifest(folder, text):
    path = folder / "my.yaml"
    path.write_text(text)
    return str(path)


ONE = "data: zoo\nvideos:\n  - {annotations: a.json, frames: a-frames}\n"
TWO = ONE + "  - {annotations: b.json, frames: b-frames}\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    annotated(tmp_path, "a", 5)
    others = [{"id": k, "name": name} for k, name in enumerate(("cat", "dog", "ape"), 1)]
    annotated(tmp_path, "b", 3, ".tif", categories=others)
    return tmp_path


def made(given, tmp_path, monkeypatch, **more):
    """The prepared videos and their index."""
    monkeypatch.setenv("TPR_OWN_DATA", given)
    monkeypatch.setattr("experiments.pipeline.own_videos.cores", lambda: 1)
    spec = dict(load_own_data(given).settings()) | more
    out = tmp_path / "out"
    prepared(spec, out, QuietLog())
    return out, json.loads((out / "index.json").read_text())


def test_several_files_become_one_with_shared_categories(folder, monkeypatch):
    given = manifest(folder, TWO.replace("zoo", "zoo-1") + "validation: {share: 0.25, seed: 0}\n")
    out, index = made(given, folder, monkeypatch)
    train, val = open_split(out, "train"), open_split(out, "val")
    assert index["dataset"] == "zoo-1" and len(index["holdout"]) == 2
    assert (len(train), len(val)) == (6, 2)
    assert [one.name for one in train.categories] == ["ape", "boat", "cat", "dog"]
    for dataset in (train, val):
        for video in dataset.videos:
            assert dataset.read_frame(video, 1).shape == (HEIGHT, WIDTH, 3)
            (track,) = dataset.tracks(video)
            assert track.segmentations[0] is None and track.areas[1] > 0
    names = {name for one in (train, val) for video in one.videos for name in video.file_names}
    assert {name.split("/")[0] for name in names} == {"a-frames", "b-frames"}
    classes = [one.category_id for d in (train, val) for v in d.videos for one in d.tracks(v)]
    assert sorted(classes) == [1, 1, 1, 2, 2, 3, 3, 4]  # of the two files' ids 1, 2, 3
    assert str(folder) not in (out / "train.json").read_text() + (out / "index.json").read_text()


def test_the_seed_of_the_share_chooses_the_held_out_videos(folder, monkeypatch):
    text = ONE + "validation: {share: 0.2, seed: %d}\n"
    held = [
        made(manifest(folder, text % seed), folder, monkeypatch)[1]["holdout"]
        for seed in (0, 0, 1, 2, 3)
    ]
    assert held[0] == held[1] and len({str(one) for one in held}) > 1


def test_validation_may_have_files_of_its_own(folder, monkeypatch):
    text = ONE + "validation:\n  - {annotations: b.json, frames: b-frames}\n"
    out, index = made(manifest(folder, text), folder, monkeypatch)
    assert index["validation"] == "own files" and not index["holdout"]
    assert (len(open_split(out, "train")), len(open_split(out, "val"))) == (5, 3)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (TWO, None),
        (ONE + "validation:\n  - {annotations: b.json, frames: b-frames}\n", None),
        (ONE + "validation:\n  - {annotations: few.json, frames: a-frames}\n", "training and val"),
        (ONE + "  - {annotations: few.json, frames: ./linked}\n", "in more than one video"),
        (
            ONE + "images:\n  - {annotations: few.json, frames: a-frames}\n",
            "in more than one video",
        ),
        (
            ONE + "validation:\n  - {annotations: b.json, frames: b-frames}\n"
            "images:\n  - {annotations: few.json, frames: a-frames}\n",
            None,
        ),
    ],
)
def test_pictures_on_both_sides_are_told(folder, text, sentence):
    (folder / "few.json").write_text(json.dumps(content(2, 3)))
    (folder / "linked").symlink_to(folder / "a-frames")
    found = overlap(load_own_data(manifest(folder, text)))
    assert (found is None) if sentence is None else sentence in str(found)
    if sentence is not None:
        pictures = {name for video in content(2, 3)["videos"] for name in video["file_names"]}
        first = folder / "a-frames" / min(pictures)
        assert str(found).startswith(f"{len(pictures)} pictures are ") and f"as {first}:" in str(
            found
        )


def test_tracks_of_other_categories_are_left_out_and_counted(folder, monkeypatch):
    given = manifest(folder, ONE + "categories: [cat, ape]\n")
    out, index = made(given, folder, monkeypatch)
    assert index["notes"]["track of a category that is not trained on"] == 2
    classes = [one.name for one in open_split(out, "train").categories]
    assert classes == ["cat", "ape"]


def test_a_trial_has_few_videos_and_frames(folder, monkeypatch):
    given = manifest(folder, TWO)
    out, index = made(given, folder, monkeypatch, limit_videos=1, limit_frames=2)
    assert (len(open_split(out, "train")), len(open_split(out, "val"))) == (1, 1)
    assert {one["frames"] for one in index["videos"]["train"].values()} == {2}


def test_a_folder_is_taken_as_youtube_vis_lays_it_out(folder):
    (folder / "a.json").rename(folder / "train.json")
    (folder / "train").mkdir()
    (folder / "a-frames").rename(folder / "train" / "JPEGImages")
    own = load_own_data(f"zoo={folder}")
    assert own.name == "zoo" and own.videos[0].frames == str(folder / "train" / "JPEGImages")
    assert own.held_out == {"share": 0.2, "seed": 0} and own.categories == ["ape", "boat", "cat"]


def test_a_broken_file_is_named(folder, monkeypatch):
    (folder / "b-frames" / "clip001" / "00005.tif").unlink()
    with pytest.raises(
        BrokenDataError, match="data zoo cannot be used: 1 x missing frame"
    ) as found:
        made(manifest(folder, TWO), folder, monkeypatch)
    assert found.value.findings[0].where.startswith(str(folder / "b.json"))


def test_files_that_changed_since_the_plan_are_refused(folder, monkeypatch):
    with pytest.raises(ValueError, match=r"data zoo changed since this call began \(train\)"):
        made(manifest(folder, ONE), folder, monkeypatch, sums={"train": ["0"]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dta: zoo\n", "my.yaml:1: unknown key 'dta' in the file; did you mean 'data'?"),
        ("data: a/b\nvideos: []\n", "my.yaml:1: 'a/b' cannot name data: use letters"),
        ("data: a-trial\nvideos: []\n", "my.yaml:1: 'a-trial' cannot name data"),
        ("data: zoo\nvideos: []\n", "my.yaml:2: videos is empty"),
        (ONE.replace("a.json", "x.json"), "my.yaml:3: {folder}/x.json: no such file"),
        (ONE.replace("a-frames", "x"), "my.yaml:3: {folder}/x: no such folder of frames"),
        (
            ONE + "categories: [ape, bot]\n",
            "my.yaml:4: unknown category 'bot'; did you mean 'boat'",
        ),
        (ONE + "validation: {share: 1.5, seed: 0}\n", "my.yaml:4: share must lie between 0 and 1"),
        (ONE + "validation: {shre: 0.5}\n", "my.yaml:4: unknown key 'shre' in validation; did you"),
        (ONE + "iterations: {videos: 0}\n", "my.yaml:4: videos must be 1 or more"),
    ],
)
def test_mistakes_are_told_with_file_and_line(folder, text, message):
    with pytest.raises(ManifestError) as found:
        load_own_data(manifest(folder, text))
    assert message.format(folder=folder) in str(found.value)


def test_a_folder_without_a_name_is_told_how(folder):
    with pytest.raises(ManifestError, match="is a folder: write --data NAME="):
        load_own_data(str(folder))


@pytest.fixture
def manifests():
    return load_manifests(ROOT / "experiments" / "manifests")


def test_a_profile_keeps_its_settings_and_shares_no_key(folder, manifests):
    own = load_own_data(manifest(folder, ONE + "iterations: {images: 7, videos: 9}\n"))
    mini = manifests.profile("mini")
    profile = with_own_data(mini, own)
    assert profile.name == "mini@zoo" and profile.plan is None and profile.knows == ""
    assert (profile.model, profile.infer) == (mini.model, mini.infer)
    stages = [Graph(manifests.runs, p).evaluate(RUN, 0) for p in (mini, profile)]
    train = stages[1].inputs["train"]
    start = train.inputs["pretrain"].inputs["start"]
    assert stages[0].key != stages[1].key and train.spec["train"]["iterations"] == 9
    assert start.key == stages[0].inputs["train"].inputs["pretrain"].key
    assert start.profile == "mini" and train.inputs["pretrain"].spec["train"]["iterations"] == 7
    assert set(train.inputs["pretrain"].inputs) == {"videos", "start"}
    assert [is_generated(stage.inputs["videos"]) for stage in stages] == [True, False]
    line = ended(start, {"shipped": {"file": "blendmask-r50.pt"}}, Layout(profile.name))
    assert line.endswith("weights/mini/blendmask-r50.pt")


def test_where_the_data_lie_is_not_in_the_keys(folder, tmp_path_factory, manifests):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for name in ("a", "b"):
        (folder / f"{name}-frames").rename(elsewhere / f"{name}-pictures")
        (elsewhere / f"{name}.json").write_bytes((folder / f"{name}.json").read_bytes())
        (folder / f"{name}-frames").symlink_to(elsewhere / f"{name}-pictures")
    mini = manifests.profile("mini")
    texts = (manifest(folder, TWO), manifest(elsewhere, TWO.replace("frames}", "pictures}")))
    found = [
        Graph(manifests.runs, with_own_data(mini, load_own_data(text))).evaluate(RUN, 0).key
        for text in texts
    ]
    assert found[0] == found[1]
    (elsewhere / "b.json").write_text(json.dumps(content(2)))
    (elsewhere / "b-pictures" / "clip000" / "00000.jpg").parent.mkdir(exist_ok=True)
    other = with_own_data(mini, load_own_data(texts[1]))
    assert Graph(manifests.runs, other).evaluate(RUN, 0).key != found[0]


def test_single_images_are_what_image_models_are_trained_on(folder, manifests, monkeypatch):
    text = ONE + "images:\n  - {annotations: b.json, frames: b-frames}\n"
    own = load_own_data(manifest(folder, text))
    profile = with_own_data(manifests.profile("mini"), own)
    pretrain = Graph(manifests.runs, profile).pretrain(RUN)
    assert set(pretrain.inputs) == {"images", "start"}
    monkeypatch.setenv("TPR_OWN_DATA", str(folder / "my.yaml"))
    monkeypatch.setattr("experiments.pipeline.own_videos.cores", lambda: 1)
    found = prepared(pretrain.inputs["images"].spec, folder / "out", QuietLog())
    assert found["images_videos"] == 3 and len(open_split(folder / "out", "images")) == 3
    assert len(open_split(folder / "out", "images").categories) == 4


def test_a_trial_has_few_single_images_and_other_calls_all(folder, manifests, monkeypatch):
    text = manifest(folder, ONE + "images:\n  - {annotations: b.json, frames: b-frames}\n")
    profile = with_own_data(manifests.profile("mini"), load_own_data(text))
    small = trial(profile, videos=2, frames=None, iterations=2, data_root=None, on_gpus=False)
    whole, few = (Graph(manifests.runs, one).images() for one in (profile, small))
    assert "limit_videos" not in whole.spec and few.spec == whole.spec | {"limit_videos": 2}
    monkeypatch.setenv("TPR_OWN_DATA", str(folder / "my.yaml"))
    monkeypatch.setattr("experiments.pipeline.own_videos.cores", lambda: 1)
    assert prepared(few.spec, folder / "out", QuietLog())["images_videos"] == 2


def test_a_trial_of_own_data_has_its_own_name_and_few_iterations(folder, manifests):
    own = load_own_data(manifest(folder, ONE))
    small = trial(
        with_own_data(manifests.profile("mini"), own),
        videos=2,
        frames=3,
        iterations=4,
        data_root=None,
        on_gpus=False,
    )
    assert small.name == "mini@zoo-trial"
    graph = Graph(manifests.runs, small)
    assert graph.videos().spec["limit_videos"] == 2 and graph.videos().spec["limit_frames"] == 3
    pretrain = graph.pretrain(RUN)
    assert pretrain.spec["train"]["iterations"] == 4
    assert pretrain.inputs["start"].key == Graph(manifests.runs, small.base).pretrain(RUN).key
