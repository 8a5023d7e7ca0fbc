"""HOTA, DetA, AssA, IDF1, identity switches and fragmentations: TrackEval's numbers on twenty
random sets, videos weighted, and cases by hand."""

import json

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from tests.evaluation.trackeval_numbers import EXPECTED, SETS
from tests.helpers.random_tracks import random_set
from tpr.data.rle import encode
from tpr.evaluation import evaluate
from tpr.evaluation.tracking.assignment import best_pairs


@pytest.mark.parametrize("seed", range(SETS))
def test_numbers_are_those_of_trackeval(seed):
    expected = json.loads(EXPECTED.read_text())["by_seed"][seed]
    metrics = evaluate(*random_set(seed), errors=True, hota=True)
    found = {name: float(values[0]) for name, values in metrics.tracking.numbers().items()}
    found["IDSW"] = int(metrics.errors.switches.sum())
    found["Frag"] = int(metrics.errors.fragmentations.sum())
    assert found == pytest.approx(expected, abs=1e-12)


def test_the_sets_have_what_is_counted():
    every = json.loads(EXPECTED.read_text())["by_seed"]
    assert len(every) == SETS == len({one["HOTA"] for one in every})
    for name in ("IDSW", "Frag"):
        assert sum(one[name] for one in every) > 20


def test_a_best_assignment_is_the_one_that_scipy_finds():
    """Small whole numbers have many best ones."""
    rng = np.random.default_rng(0)
    for place in range(500):
        shape = rng.integers(1, 8, 2)
        gains = rng.integers(0, rng.integers(2, 6), shape).astype(float)
        if place % 2:
            gains = rng.random(shape) * (rng.random(shape) < 0.5)
        rows, columns = linear_sum_assignment(-gains)
        positive = gains[rows, columns] > 0
        expected = set(zip(rows[positive].tolist(), columns[positive].tolist(), strict=True))
        rows, columns = best_pairs(gains)
        assert set(zip(rows.tolist(), columns.tolist(), strict=True)) == expected


def test_weights_of_videos_are_an_evaluation_of_these_videos():
    truth, results = random_set(9)
    metrics = evaluate(truth, results, hota=True)
    chosen = metrics.video_ids[1:]
    assert len(chosen) > 2
    weights = np.array([[0] + [1] * len(chosen)])
    weighted = metrics.tracking.numbers(weights)
    alone = evaluate(truth, results, hota=True, video_ids=chosen).tracking.numbers()
    assert alone["AssA"][0] > 0.05
    for name, values in alone.items():
        assert weighted[name][0] == pytest.approx(values[0], abs=1e-12)


def test_exact_results_are_all_1_and_none_are_0():
    truth, _ = random_set(3)
    present = {one["category_id"] for one in truth["annotations"]}
    truth["categories"] = [one for one in truth["categories"] if one["id"] in present]
    keys = ("video_id", "category_id", "segmentations")
    exact = [{key: one[key] for key in keys} | {"score": 0.5} for one in truth["annotations"]]
    found = evaluate(truth, exact, hota=True, errors=True)
    assert all(value == pytest.approx(1) for value in found.tracking.numbers().values())
    assert found.errors.switches.sum() == 0
    nothing = evaluate(truth, [], hota=True).tracking.numbers()
    assert all(value == 0 for value in nothing.values())


def test_a_track_that_goes_on_as_another_is_one_switch_of_each():
    """By hand: two objects, eight frames, results that change places after the fourth: AssA of a
    match is 4 / (8 + 8 - 4)."""
    left, right = (np.zeros((20, 40), bool) for _ in range(2))
    left[:10, :10], right[:10, 20:30] = True, True
    ways = [[left] * 8, [right] * 8, [left] * 4 + [right] * 4, [right] * 4 + [left] * 4]
    tracks = [
        {"video_id": 1, "category_id": 1, "segmentations": [encode(mask) for mask in way]}
        for way in ways
    ]
    truth = {
        "videos": [{"id": 1, "height": 20, "width": 40, "length": 8}],
        "categories": [{"id": 1, "name": "cow"}],
        "annotations": [track | {"id": place + 1} for place, track in enumerate(tracks[:2])],
    }
    results = [track | {"score": 0.9} for track in tracks[2:]]
    found = evaluate(truth, results, hota=True, errors=True)
    numbers = {name: value[0] for name, value in found.tracking.numbers().items()}
    expected = {"HOTA": (1 / 3) ** 0.5, "DetA": 1, "AssA": 1 / 3, "IDF1": 0.5}
    assert numbers == pytest.approx(expected)
    assert (found.errors.switches.sum(), found.errors.fragmentations.sum()) == (2, 0)
