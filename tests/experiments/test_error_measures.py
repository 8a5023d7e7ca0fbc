"""What records hold of errors and tracking: the evaluator's numbers, with draws that pair up."""

import json

import numpy as np
import pytest

from experiments.pipeline.measures import measures
from tests.helpers.planted_errors import PLANTED, annotations, random_truth, results
from tpr.evaluation import evaluate
from tpr.evaluation.draws import UNIT, unpack_draws
from tpr.evaluation.errors.kinds import KINDS
from tpr.evaluation.metrics import bootstrap_weights

VIDEOS, SETTINGS = 12, {"bootstrap": 40, "bootstrap_seed": 5}


@pytest.fixture
def made(tmp_path):
    """Record and evaluation of a set in which half the videos overlap."""
    rng = np.random.default_rng(1)
    tracks = random_truth(rng, VIDEOS)
    truth = annotations(tracks, VIDEOS)
    for place, video in enumerate(truth["videos"]):
        amounts = {"overlap": [0.5 * (place % 2)], "scale_change": [1.0 + place]}
        video["generated"] = amounts | {"degradation": [None] * 8}
    found = results(rng, PLANTED["spatial"](rng, PLANTED["classification"](rng, tracks)))
    paths = tmp_path / "val.json", tmp_path / "results.json"
    for path, content in zip(paths, (truth, found), strict=True):
        path.write_text(json.dumps(content))
    record = measures(*paths, SETTINGS, tmp_path / "matches")
    return record, evaluate(*paths, errors=True, hota=True), truth


def test_a_record_holds_the_evaluators_numbers_in_percent(made):
    record, metrics, _ = made
    json.dumps(record)
    for kind, value in metrics.errors.lost().items():
        assert record[f"lost_{kind}"] == pytest.approx(100 * value[0])
    assert record["lost_spatial"] > 1 and record["lost_classification"] > 1
    assert record["errors"] == metrics.errors.number()
    for name, value in metrics.tracking.numbers().items():
        assert record[name] == pytest.approx(100 * value[0]) and record[name] > 10


def test_draws_of_losses_belong_to_the_draws_of_ap(made):
    record, metrics, _ = made
    weights = bootstrap_weights(VIDEOS, *SETTINGS.values())
    for kind in KINDS:
        draws = unpack_draws(record[f"lost_{kind}_draws"])
        expected = metrics.errors.lost(weights)[kind]
        np.testing.assert_allclose(draws, expected, atol=UNIT)


def test_draws_of_a_hard_part_are_draws_of_its_videos(made):
    record, metrics, truth = made
    weights = bootstrap_weights(VIDEOS, *SETTINGS.values())
    hard = [video["generated"]["scale_change"][0] > 8.4 for video in truth["videos"]]
    expected = [
        metrics.resample({v: int(n) for v, n in zip(metrics.video_ids, row, strict=True)})["AP"]
        for row in weights * np.array(hard)
    ]
    draws = unpack_draws(record["AP_scale_change_high_draws"])
    np.testing.assert_allclose(draws, np.where(np.less(expected, 0), np.nan, expected), atol=UNIT)
    assert record["difficulty"]["scale_change"][-1]["size"] == sum(hard)
