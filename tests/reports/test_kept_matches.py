"""From the matches that an evaluation keeps, an independent program makes all its numbers again."""

import json

import numpy as np
import pytest

from experiments.pipeline.measures import MATCHES, measures
from experiments.ship.evaluation_record import write_result
from experiments.ship.shipped_matches import matches_of
from experiments.ship.shipped_records import ship_records
from experiments.stages.json_files import read_json, write_json
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage
from reports.verify.recounted.matches import read_kept
from reports.verify.recounted.recorded_draws import UNIT
from reports.verify.recounted.recount import drawn, recount
from reports.verify.recounted.redrawn import Redrawn
from reports.verify.recounted.tracking import tracking
from tpr.data.rle import encode
from tpr.evaluation.draws import unpack_draws
from tpr.evaluation.errors.kinds import KINDS
from tpr.files import sha256

SETTINGS = {"bootstrap": 60, "bootstrap_seed": 5}
FRAMES = 3


def mask(rng):
    out = np.zeros((6, 8), bool)
    y, x = rng.integers(0, 3, 2)
    out[y : y + 1 + rng.integers(1, 4), x : x + 1 + rng.integers(1, 5)] = True
    return encode(out)


def track(rng, video, category):
    masks = [None if rng.random() < 0.2 else mask(rng) for _ in range(FRAMES)]
    return {"video_id": video, "category_id": category, "segmentations": masks}


def example(seed, generated=True):
    """Ground truth and results: crowds, all sizes, equal scores, a category without objects."""
    rng = np.random.default_rng(seed)
    videos = [{"id": 3 * k, "height": 6, "width": 8, "length": FRAMES} for k in range(1, 8)]
    for one in videos if generated else []:
        blur = {"kind": "blur", "severity": 0.5}
        one["generated"] = {
            "overlap": rng.integers(0, 3, FRAMES).tolist(),
            "scale_change": [1 + float(rng.random())],
            "degradation": [None if rng.random() < 0.5 else blur for _ in range(FRAMES)],
        }
    truth = {
        "videos": videos,
        "categories": [{"id": 10 * k, "name": f"c{k}"} for k in (1, 2, 3)],
        "annotations": [
            track(rng, one["id"], 10 * category)
            | {"id": number, "iscrowd": int(rng.random() < 0.1)}
            | {"areas": [float(rng.choice([50, 20_000, 90_000]))] * FRAMES}
            for number, (one, category) in enumerate(((v, c) for v in videos for c in (1, 2)), 1)
        ],
    }
    results = [
        track(rng, one["id"], 10 * category) | {"score": float(rng.choice([0.2, 0.5, 0.9]))}
        for one in videos[1:]
        for category in (1, 1, 1, 2, 3)
    ]
    for one, true in zip(results[::5], truth["annotations"][2::2], strict=True):
        one["segmentations"] = true["segmentations"]
    return truth, results


def evaluated(folder, *example):
    paths = folder / "val.json", folder / "results.json"
    for path, content in zip(paths, example, strict=True):
        path.write_text(json.dumps(content, default=bytes.decode))
    return measures(*paths, SETTINGS, folder / MATCHES), read_kept(folder / MATCHES)


def agrees(found, expected):
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            agrees(found[name], value)
    elif isinstance(expected, list):
        for one, value in zip(found, expected, strict=True):
            agrees(one, value)
    else:
        assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)


@pytest.mark.parametrize("seed", range(6))
def test_all_numbers_of_a_record_follow_from_the_kept_matches(tmp_path, seed):
    record, kept = evaluated(tmp_path, *example(seed))
    error = record.pop("AP_bootstrap_se")
    recorded = {name: record.pop(name) for name in [*record] if name.endswith("_draws")}
    draws = SETTINGS["bootstrap"]
    again = Redrawn(kept, drawn(kept, draws, SETTINGS["bootstrap_seed"]), draws)
    agrees(recount(kept) | again.lost.measures() | tracking(kept), record)
    assert len(recorded) == 1 + len(KINDS) + 3
    for name, packed in recorded.items():
        metric = name.removesuffix("_draws")
        assert again.knows(metric)
        values = unpack_draws(packed)
        found = again.draws(metric, len(values))
        np.testing.assert_allclose(found, values, atol=UNIT / 2 + 1e-9)
    assert np.nanstd(100 * again.draws("AP", draws), ddof=1) == pytest.approx(error)


def test_recorded_videos_have_matches_without_difficulty(tmp_path):
    record, kept = evaluated(tmp_path, *example(0, generated=False))
    assert kept.frames is None and recount(kept)["difficulty"] == record["difficulty"] == {}
    assert recount(kept)["AP"] == pytest.approx(record["AP"])


def test_without_a_prediction_all_is_zero(tmp_path):
    record, kept = evaluated(tmp_path, example(1)[0], [])
    assert record["AP"] == recount(kept)["AP"] == 0


def test_the_same_matches_are_the_same_bytes(tmp_path):
    evaluated(tmp_path, *example(2))
    before = (tmp_path / MATCHES).read_bytes()
    evaluated(tmp_path, *example(2))
    assert (tmp_path / MATCHES).read_bytes() == before


def test_what_holds_no_matches_is_named(tmp_path):
    evaluated(tmp_path, *example(2))
    whole = (tmp_path / MATCHES).read_bytes()
    for broken in (b"", whole[:-9], b"x" * 90):
        (tmp_path / MATCHES).write_bytes(broken)
        with pytest.raises(ValueError, match=f"{MATCHES} holds no matches"):
            read_kept(tmp_path / MATCHES)


def evaluation(layout, matches):
    """A finished evaluation in its folder, with these bytes as matches."""
    train = Stage("train", "a-seed0", "mini", {}, {}, "a", 0)
    stage = Stage("evaluate", "a-seed0", "mini", {}, {"train": train}, "a", 0)
    folder = stage.folder(layout)
    write_json(folder / "record.json", stage.request() | {"metrics": {}, "at": matches.decode()})
    (folder / MATCHES).write_bytes(matches)
    return stage


def test_matches_ship_beside_their_record(tmp_path):
    layout = Layout("mini", tmp_path)
    for content in (b"first", b"second"):
        assert write_result(evaluation(layout, content), layout)
        ship_records(layout)
        path = matches_of(layout.records / "a-seed0.json")
        assert path.read_bytes() == content
        assert read_json(layout.records / "a-seed0.json")["evaluate"]["matches"] == sha256(path)
    assert not list(layout.own.iterdir())
