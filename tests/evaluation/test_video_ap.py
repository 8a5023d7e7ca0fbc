"""The evaluation equals the benchmark's own on golden cases and a literal one on random cases."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.literal_video_ap import evaluate_literally
from tpr.data.rle import encode
from tpr.evaluation import evaluate

DATA = Path(__file__).parents[1] / "data" / "ytvis"
GOLDEN = sorted(DATA.glob("[er][0-9]*.json"))
KEYWORDS = {"vidIds": "video_ids", "catIds": "category_ids", "maxDets": "max_detections"}


def evaluate_case(case: dict):
    options = {KEYWORDS[k]: v for k, v in case["params"].items() if k in KEYWORDS}
    return evaluate(
        case["gt"], case["dt"], use_categories=bool(case["params"].get("useCats", 1)), **options
    )


def golden(name: str) -> dict:
    return json.loads((DATA / f"{name}.json").read_text())


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_case(path):
    case = json.loads(path.read_text())
    metrics = evaluate_case(case)
    expected = case["expected"]
    assert metrics.stats == expected["stats"]  # to the last bit
    precision, recall = metrics.arrays()
    np.testing.assert_allclose(precision, expected["precision_mean_TKAM"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(recall, expected["recall_TKAM"], rtol=0, atol=1e-12)
    assert {f"{v},{c}" for v, c in metrics.ious} == set(expected["ious"])
    for (video, category), iou in metrics.ious.items():
        np.testing.assert_array_equal(iou, expected["ious"][f"{video},{category}"])


# --- random small cases against the literal implementation


@st.composite
def masks(draw):
    """One frame: None, or a 4 x 5 mask; sometimes of another size."""
    if draw(st.integers(0, 5)) == 0:
        return None
    bits = draw(st.integers(0, 2**20 - 1) | st.sampled_from([0, 2**20 - 1, 2**10 - 1]))
    flat = np.array([bits >> place & 1 for place in range(20)], dtype=bool)
    return flat.reshape(5, 4) if draw(st.integers(0, 15)) == 0 else flat.reshape(4, 5)


track_masks = st.lists(masks(), min_size=0, max_size=3)
scores = st.sampled_from([0.1, 0.3, 0.3, 0.5, 0.9]) | st.floats(0, 1)


@st.composite
def cases(draw):
    """(ground truth, results, the same as decoded masks by video and category)."""
    pool = draw(st.lists(track_masks, min_size=1, max_size=4))  # shared, so that tracks overlap
    some_masks = st.sampled_from(pool) | track_masks
    pair = st.tuples(st.sampled_from([7, 2]), st.sampled_from([1, 5]), some_masks)
    truths = draw(st.lists(st.tuples(pair, st.integers(0, 4)), max_size=5))
    results = draw(st.lists(st.tuples(pair, scores), max_size=7))
    decoded = {2: {1: ([], []), 5: ([], [])}, 7: {1: ([], []), 5: ([], [])}}
    annotations, entries = [], []
    for number, ((video, category, frames), crowd) in enumerate(truths):
        areas = [None if m is None else int(m.sum()) * 1500 for m in frames]
        true = [area for area in areas if area]
        area = sum(true) / len(true) if true else 0.0
        decoded[video][category][1].append({"masks": frames, "crowd": crowd == 0, "area": area})
        annotations.append(
            {"id": number + 3, "video_id": video, "category_id": category, "areas": areas}
            | {"iscrowd": int(crowd == 0), "segmentations": as_rle(frames)}
        )
    for (video, category, frames), score in results:
        decoded[video][category][0].append({"masks": frames, "score": score})
        entries.append(
            {"video_id": video, "category_id": category, "score": score}
            | {"segmentations": as_rle(frames)}
        )
    return truth_of([7, 2], [5, 1], annotations), entries, decoded


def as_rle(frames):
    return [None if mask is None else encode(mask) for mask in frames]


def truth_of(videos, categories, annotations):
    records = [{"id": v, "height": 4, "width": 5, "length": 3} for v in videos]
    names = [{"id": c, "name": f"category {c}"} for c in categories]
    return {"videos": records, "categories": names, "annotations": annotations}


@settings(max_examples=150, deadline=None)
@given(cases())
def test_equals_the_literal_metric(case):
    ground_truth, results, decoded = case
    stats = evaluate(ground_truth, results).stats
    assert stats == pytest.approx(evaluate_literally(decoded), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(cases(), st.lists(st.sampled_from([2, 7]), min_size=1, max_size=5))
def test_resampling_equals_evaluating_copies_of_the_videos(case, drawn):
    ground_truth, results, _ = case
    for place, entry in enumerate(results):  # without ties, whose order copies may change
        entry["score"] = (place * 7 % 11) / 11 + (entry["video_id"] == 7) / 100
    copies = truth_of(range(len(drawn)), [1, 5], [])
    copied = []
    for number, video in enumerate(drawn):
        for annotation in ground_truth["annotations"]:
            if annotation["video_id"] == video:
                fresh = {"video_id": number, "id": len(copies["annotations"]) + 1}
                copies["annotations"].append({**annotation, **fresh})
        copied += [{**r, "video_id": number} for r in results if r["video_id"] == video]
    resampled = evaluate(ground_truth, results).resample(drawn)
    assert resampled == pytest.approx(evaluate(copies, copied).stats, abs=1e-12)


# --- resampling


@pytest.mark.parametrize("name", ["r24_many_videos", "r28_bigger", "e21_duplicate_ann_ids"])
def test_every_video_once_gives_the_same_numbers(name):
    metrics = evaluate_case(golden(name))
    same = pytest.approx(metrics.stats, abs=1e-12)  # means are summed in another order
    assert metrics.resample(metrics.video_ids) == same
    assert metrics.resample({video: 1 for video in metrics.video_ids}) == same


def test_bootstrap_draws_equal_resampling_and_repeat_by_seed():
    metrics = evaluate_case(golden("r24_many_videos"))
    draws = metrics.bootstrap(draws=20, seed=3)
    np.testing.assert_array_equal(draws, metrics.bootstrap(draws=20, seed=3))
    assert len(set(draws)) > 10
    weights = np.random.default_rng(3).multinomial(40, [1 / 40] * 40, size=20)
    counts = dict(zip(metrics.video_ids, weights[4].tolist(), strict=True))
    assert metrics.resample(counts)["AP"] == draws[4]
    assert metrics.bootstrap(5, 0, "AR10").shape == (5,)


def test_unknown_names_of_statistics_and_videos_are_refused():
    metrics = evaluate_case(golden("e01_perfect"))
    with pytest.raises(ValueError, match="AP51.*known are AP, AP50"):
        metrics.bootstrap(5, 0, "AP51")
    with pytest.raises(ValueError, match="video 12 was not evaluated"):
        metrics.resample([12])


# --- options and rules


def test_per_category_averages_to_ap():
    metrics = evaluate_case(golden("r28_bigger"))
    defined = [value for value in metrics.per_category.values() if value > -1]
    assert np.mean(defined) == pytest.approx(metrics.stats["AP"], abs=1e-12)
    assert set(metrics.per_category) == set(range(1, 9))


def test_ap_is_undefined_without_the_limit_of_100():
    case = golden("r02_basic")
    metrics = evaluate(case["gt"], case["dt"], max_detections=(1, 2, 3))
    assert metrics.stats["AP"] == -1 and metrics.stats["AP50"] > 0
    with pytest.raises(ValueError, match="at least three"):
        evaluate(case["gt"], case["dt"], max_detections=(1, 100))


def test_annotation_id_zero_takes_its_match_but_counts_as_unmatched():
    case = golden("e01_perfect")
    case["gt"]["annotations"][0]["id"] = 0
    assert evaluate(case["gt"], case["dt"]).stats["AP"] == 0


def test_truth_as_run_lists_or_polygons_gives_the_same_number():
    frames = {"counts": [0, 20], "size": [4, 5]}
    polygon = [[0, 0, 5, 0, 5, 4, 0, 4]]
    result = {"video_id": 1, "category_id": 1, "score": 1.0}
    result["segmentations"] = as_rle([np.ones((4, 5), bool)])
    for segmentation in (frames, polygon):
        annotation = {"id": 1, "video_id": 1, "category_id": 1, "areas": [20], "iscrowd": 0}
        annotation["segmentations"] = [segmentation]
        metrics = evaluate(truth_of([1], [1], [annotation]), [result])
        assert metrics.ious[1, 1] == 1.0


def test_unknown_categories_are_left_out_and_noted():
    case = golden("e01_perfect")
    case["dt"].append({**case["dt"][0], "category_id": 77})
    metrics = evaluate(case["gt"], case["dt"])
    assert metrics.stats == pytest.approx(case["expected"]["stats"], abs=1e-12)
    note = metrics.notes[0]
    assert (note.kind, note.count) == ("result of an unknown category", 1)
    assert note.first == f"result {len(case['dt']) - 1} (video 1): category 77"


def test_files_and_objects_give_the_same(tmp_path):
    case = golden("r02_basic")
    for name in ("gt", "dt"):
        (tmp_path / f"{name}.json").write_text(json.dumps(case[name]))
    before = copy.deepcopy(case)
    from_files = evaluate(tmp_path / "gt.json", str(tmp_path / "dt.json"))
    assert from_files.stats == evaluate(case["gt"], case["dt"]).stats
    assert case == before  # the input is left as it was


def test_huge_ids_are_fine():
    case = golden("e01_perfect")
    case["gt"]["videos"][0]["id"] = case["dt"][0]["video_id"] = 10**40
    case["gt"]["annotations"][0]["video_id"] = 10**40
    case["gt"]["annotations"][0]["id"] = 10**400
    assert evaluate(case["gt"], case["dt"]).stats["AP"] == pytest.approx(1)


def test_empty_runs_do_not_end_the_mask():
    """maskApi's merge stops at an empty run that both masks have; the exact count does not."""
    rle = {"size": [2, 4], "counts": [2, 1, 0, 1, 4]}
    compressed = {"size": [2, 4], "counts": "21004"}  # the fourth run is stored as 1 - 1
    annotation = {"id": 1, "video_id": 1, "category_id": 1, "segmentations": [rle]}
    result = {"video_id": 1, "category_id": 1, "score": 1.0, "segmentations": [compressed]}
    metrics = evaluate(truth_of([1], [1], [annotation]), [result])
    assert metrics.ious[1, 1] == 1.0
