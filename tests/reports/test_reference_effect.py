"""The picture of what each module takes from the reference frame."""

import json

import numpy as np
import pytest
import torch

from baselines.reference_use import ReferenceUse, reference_use
from baselines.registry import BASELINES
from experiments.declared.tables import load_table
from reports.figures.videos.picture_cells import heat
from reports.figures.videos.reference_effect import reference_effect
from reports.figures.videos.reference_effect_sheet import effect_sheet, gates, wheel
from reports.figures.videos.trained_modules import find_trained
from reports.records.run_record import load_records
from tests.helpers.fake_records import FINISHED, record, write_manifest, write_record
from tests.helpers.tiny import INFER, MODEL
from tpr.inference.online import network_input
from tpr.models.build import build_model
from tpr.routing import GateUse
from tpr.weights import checkpoint

TABLE = """{table: 1d, title: t, rows: [{run: a}, {run: b}, {run: c}]}"""


def add(root, run, module, weights=True, seed=0):
    raw = record(run, seed, 30.0)
    temporal = None if module is None else {"name": module}
    raw["evaluate"]["spec"] = {"model": {"temporal": temporal}}
    write_record(root, raw)
    folder = root / "runs" / f"train-{run}-seed{seed}-{raw['train']['key'][:12]}"
    folder.mkdir(parents=True)
    (folder / "record.json").write_text(
        json.dumps({"key": raw["train"]["key"], "finished": FINISHED})
    )
    if weights:
        (folder / "weights.pt").write_text("")
    videos_key = raw["evaluate"]["inputs"]["videos"]
    videos = root / "runs" / f"videos-{videos_key[:12]}"
    videos.mkdir(exist_ok=True)
    (videos / "record.json").write_text(json.dumps({"key": videos_key}))


def find(root):
    table = load_table(write_manifest(root, TABLE, "1d"))
    records, problems = load_records(root / "results" / "mini" / "records", "mini")
    assert problems == []
    return find_trained(root / "runs", table, records)


def test_runs_with_a_temporal_module_and_their_weights_are_found(tmp_path):
    for run, module in (("a", None), ("b", "tpr"), ("c", "stsn")):
        add(tmp_path, run, module)
    found = find(tmp_path)
    assert list(found.weights) == ["b", "c"] and found.seed == 0
    assert list(found.sources) == ["b seed 0", "c seed 0"]


def test_the_seed_with_the_most_modules_at_hand_is_shown(tmp_path):
    add(tmp_path, "b", "tpr")
    for run, module in (("b", "tpr"), ("c", "stsn")):
        add(tmp_path, run, module, seed=1)
    add(tmp_path, "c", "stsn", seed=2)
    found = find(tmp_path)
    assert list(found.weights) == ["b", "c"] and found.seed == 1


@pytest.mark.parametrize(("module", "weights"), [("tpr", True), (None, True), ("stsn", False)])
def test_without_a_rival_or_its_weights_there_is_no_picture(tmp_path, module, weights):
    add(tmp_path, "a", "tpr")
    add(tmp_path, "b", module, weights)
    assert find(tmp_path) is None


def test_a_clip_is_played_as_inference_does(tiny_dataset, tmp_path):
    """A video's first frame skips the module, so that the second one's reference is raw."""
    torch.manual_seed(0)
    temporal = {"name": "stsn", "sampling": {}, "cpr": {"rows": [1]}}
    spec = {
        "model": MODEL | {"channels": 16, "temporal": temporal},
        "infer": INFER | {"first_frame": "skip"},
    }
    model = build_model(spec["model"], len(tiny_dataset.categories), temporal=BASELINES).eval()
    checkpoint.save_weights(model, tmp_path / "weights.pt")
    checkpoint.load_weights(model, tmp_path / "weights.pt")
    video = tiny_dataset.videos[1]
    with torch.no_grad():
        frames = [
            model.frames(network_input(tiny_dataset, video, t, spec["infer"])) for t in (0, 1)
        ]
    expected = reference_use(model.temporal, frames[1], frames[0])
    found = reference_effect(spec, tmp_path / "weights.pt", tiny_dataset, 1, 1)
    for level, x in expected.change.items():
        torch.testing.assert_close(found.change[level], x)
    assert found.motion.keys() == expected.motion.keys() != set()


def record_of(change: float, motion: bool) -> ReferenceUse:
    maps = {k: torch.full((1, 1, 2, 3), change) for k in ("p3", "p4", "p5")}
    move = {"p3": torch.full((1, 2, 2, 3), 0.5)} if motion else {}
    return ReferenceUse(maps, move, [])


def test_all_runs_share_one_scale():
    frames = [np.zeros((20, 30, 3), np.uint8)] * 2
    picture, brightest, farthest = effect_sheet(
        frames, {"one": record_of(0.5, False), "two": record_of(0.25, True)}
    )
    assert brightest == 0.5 and farthest == pytest.approx(8 * np.hypot(0.5, 0.5))
    assert picture.dtype == np.uint8 and picture.shape[1] == 4 * (200 + 4)
    assert picture.shape[0] == 3 * (18 + 133 + 4)


def test_heat_grows_brighter_and_clips():
    picture = heat(np.array([[0.0, 0.5, 1.0, 9.0]]), (4, 1)).astype(int).sum(-1)[0]
    assert picture[0] < picture[1] < picture[2] == picture[3]


def test_still_is_white_and_opposite_motions_differ():
    still, right, left = wheel(np.array([[[0.0, 1.0, -1.0]], [[0.0, 0.0, 0.0]]]), (3, 1))[0]
    assert still.tolist() == [255, 255, 255]
    assert right.tolist() == [255, 0, 0] and left.tolist() == [0, 255, 255]


def test_the_gate_shown_is_that_on_p3s_own_reference():
    uses = [
        GateUse(name, level, torch.full((1, 1, 1, 1), value), ())
        for name, level, value in (
            ("p4.inner_reference", "p3", 0.1),
            ("p3.inner_reference", "p3", 0.2),
            ("p3.inner_query", "p3", 0.3),
            ("p3.inner_reference", "p4", 0.4),
        )
    ]
    assert [x.item() for x in gates(ReferenceUse({}, {}, uses))] == [pytest.approx(0.2)]
