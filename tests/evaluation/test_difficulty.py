"""AP by difficulty weighs the matches of an evaluation anew, and looks at frames one by one."""

import copy
import json

import numpy as np
import pytest

from experiments.pipeline.measures import measures
from tpr.data.rle import encode
from tpr.evaluation import evaluate
from tpr.evaluation.difficulty import by_amount, by_difficulty, difficulty_of
from tpr.evaluation.draws import pack_draws, unpack_draws
from tpr.evaluation.frames import as_frames
from tpr.evaluation.inputs import read_found, read_truth

SQUARE = encode(np.pad(np.ones((2, 2), bool), 1))
BLUR, HAZE = {"kind": "blur", "severity": 1.0}, {"kind": "haze", "severity": 0.5}


def video(number, overlap, scale_change, degradation):
    generated = {"overlap": overlap, "scale_change": scale_change, "degradation": degradation}
    return {"id": number, "height": 4, "width": 4, "length": 2, "generated": generated}


def annotation(number):
    return {"id": number, "video_id": number, "category_id": 1, "segmentations": [SQUARE, SQUARE]}


def truth():
    return {
        "videos": [
            video(1, [0.0, 0.0], [1.0], [None, BLUR]),
            video(2, [0.1, 0.2], [1.5], [None, None]),
            video(3, [0.9, 0.3], [1.2, 2.0], [None, HAZE]),
        ],
        "categories": [{"id": 1, "name": "cow"}],
        "annotations": [annotation(number) for number in (1, 2, 3)],
    }


def found(*videos):
    """Perfect tracks of these videos."""
    keys = ("video_id", "category_id", "segmentations")
    return [{key: annotation(one)[key] for key in keys} | {"score": 0.9} for one in videos]


def aps(ground_truth, results):
    """{grouping: {name: (size, AP)}}."""
    groups = by_difficulty(difficulty_of(ground_truth, results), evaluate(ground_truth, results))
    return {k: {one.name: (one.size, round(one.ap, 9)) for one in v} for k, v in groups.items()}


def test_videos_fall_into_thirds_by_their_worst_frame_or_track():
    groups = aps(truth(), found(1, 2))
    assert groups["overlap"] == {"low": (1, 1.0), "middle": (1, 1.0), "high": (1, 0.0)}
    assert groups["scale_change"] == groups["overlap"]
    # mean severities 0.5, 0 and 0.25: video 3, the missed one, is in the middle
    assert groups["degradation"] == {"low": (1, 1.0), "middle": (1, 0.0), "high": (1, 1.0)}


def test_a_group_says_which_amounts_it_holds():
    results = found(1)
    groups = by_difficulty(difficulty_of(truth(), results), evaluate(truth(), results))[
        "scale_change"
    ]
    assert [(one.low, one.high) for one in groups] == [(1.0, 1.0), (1.5, 1.5), (2.0, 2.0)]


def test_equal_amounts_stay_in_one_group():
    metrics = evaluate(truth(), found(1))
    groups = by_amount({1: 0.0, 2: 0.0, 3: 0.0}, metrics)
    assert [(one.name, one.size) for one in groups] == [("low", 3)]
    groups = by_amount({1: 0.0, 2: 0.0, 3: 0.7}, metrics)
    assert [(one.name, one.size) for one in groups] == [("low", 2), ("high", 1)]


def test_frames_count_one_by_one_and_first_frames_apart():
    groups = aps(truth(), found(1, 2))["frames"]
    # two of three frames found at precision 1: the recall levels 0 to 0.66 are 67 of 101
    assert groups["first"] == (3, round(67 / 101, 9))
    assert groups["clean"] == (1, 1.0)
    assert groups["degraded"] == (2, round(51 / 101, 9))
    assert (groups["blur"], groups["haze"]) == ((1, 1.0), (1, 0.0))


def test_a_degraded_first_frame_is_a_first_frame():
    changed = truth()
    changed["videos"][0]["generated"]["degradation"] = [HAZE, BLUR]
    groups = aps(changed, found(1, 2))["frames"]
    assert groups["first"][0] == 3 and groups["haze"][0] == 1


def test_a_group_of_videos_has_the_ap_of_those_videos_alone():
    results = [*found(1, 2), found(3)[0] | {"video_id": 1, "score": 0.95}]
    groups = aps(truth(), results)["overlap"]
    alone = [evaluate(truth(), results, video_ids=[one]).stats["AP"] for one in (1, 2, 3)]
    assert [ap for _, ap in groups.values()] == pytest.approx(alone)


def test_data_that_do_not_say_how_hard_they_are_have_no_groups():
    plain = truth()
    for one in plain["videos"]:
        del one["generated"]
    assert aps(plain, found(1)) == {}


def test_videos_that_say_it_are_grouped_where_others_do_not():
    mixed = truth()
    del mixed["videos"][1]["generated"]
    groups = aps(mixed, found(1, 2))
    assert groups["overlap"] == {"low": (1, 1.0), "high": (1, 0.0)}
    assert "clean" not in groups["frames"]


def test_inputs_are_left_as_they_are():
    ground_truth, results = truth(), found(1, 2)
    before = copy.deepcopy((ground_truth, results))
    aps(ground_truth, results)
    assert (ground_truth, results) == before


def test_frames_without_a_mask_are_no_objects():
    ground_truth, results = truth(), found(2)
    ground_truth["annotations"][1]["segmentations"] = [None, SQUARE]
    results[0]["segmentations"] = [SQUARE, None]
    read = read_truth(ground_truth)
    frames, single, ids = as_frames(read.annotations, read_found(results, read)[0])
    assert len(frames.videos) == 6 and len(frames.tracks) == 5
    assert [one.video_id for one in single] == [ids[2, 0]]
    assert [one.id for one in frames.tracks] == [1, 2, 3, 4, 5]


def test_draws_survive_to_a_hundredth_of_a_point():
    draws = np.array([0.0, 0.12344, 1.0, -1.0])
    again = unpack_draws(pack_draws(draws))
    np.testing.assert_allclose(again[:3], [0.0, 0.1234, 1.0], atol=1e-12)
    assert np.isnan(again[3])


@pytest.mark.parametrize("text", ["abc", "AAAA", None, 3, "é"])
def test_what_is_no_draws_is_refused(text):
    with pytest.raises(ValueError, match="not base64 of 16-bit integers"):
        unpack_draws(text)


def test_a_record_says_all_this_in_plain_json(tmp_path):
    """Percent, None for undefined, and draws that are those of the bootstrap."""
    paths = tmp_path / "val.json", tmp_path / "results.json"
    paths[0].write_text(json.dumps(truth(), default=bytes.decode))
    paths[1].write_text(json.dumps(found(1, 2), default=bytes.decode))
    record = measures(*paths, {"bootstrap": 20, "bootstrap_seed": 3}, tmp_path / "matches")
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert (record["AP"], record["videos"]) == (pytest.approx(100 * 67 / 101), 3)
    assert record["difficulty"]["overlap"][2] == {
        "name": "high", "size": 1, "AP": 0.0, "low": 0.9, "high": 0.9
    }  # fmt: skip
    clean = record["difficulty"]["frames"][1]
    assert clean == {"name": "clean", "size": 1, "AP": pytest.approx(100)}
    expected = evaluate(*paths).bootstrap(20, 3)
    np.testing.assert_allclose(unpack_draws(record["AP_draws"]), expected, atol=5e-5)
