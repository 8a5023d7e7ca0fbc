"""Slopes of gain against dose on planted videos and seeds: intervals hold the true slope as often
as they say, no slope is seldom claimed, and a large one mostly is."""

import numpy as np
import pytest

from reports.doses.dose_records import DoseRecord
from reports.doses.gain_curves import Curve, slope_of
from reports.doses.section import slope_sentence
from tpr.evaluation.draws import pack_draws
from tpr.evaluation.metrics import bootstrap_weights

BASE, TPR = "base", "tpr"
TRIALS, SEEDS, DOSES, VIDEOS, DRAWS = 200, 3, 4, 60, 100
WEIGHTS = bootstrap_weights(VIDEOS, DRAWS, 0)


def planted(rng, slope):
    """Records by dose. A video's gain rises by the slope, by a part of its own that all seeds
    share, and by a seed's own that all videos share; the rest is noise of each evaluation."""
    steps = np.arange(DOSES)
    of_video, of_seed = rng.normal(0, 2.0, VIDEOS), rng.normal(0, 0.3, SEEDS)
    luck = rng.normal(0, 5.0, (DOSES, VIDEOS))  # of videos, the same for both runs
    found = [[] for _ in steps]
    for seed in range(SEEDS):
        rise = slope + of_video + of_seed[seed]
        for step in steps:
            for run, gain in ((BASE, 0.0), (TPR, 1.0 + rise * step)):
                values = 40 + luck[step] + gain + rng.normal(0, 1.0, VIDEOS)
                found[step].append(record(run, seed, float(step), values))
    return found


def record(run, seed, dose, values):
    draws = pack_draws(WEIGHTS @ values / VIDEOS / 100)
    metrics = {"AP": values.mean(), "AP_draws": draws, "videos": VIDEOS}
    return DoseRecord(run, seed, "mini", {"metrics": metrics}, {}, {}, "speed", dose)


def slopes(slope):
    rng = np.random.default_rng(7)
    found = [slope_of(planted(rng, slope), TPR, BASE) for _ in range(TRIALS)]
    assert all(found)
    return found


@pytest.fixture(scope="module")
def without():
    return slopes(0.0)


@pytest.fixture(scope="module")
def rising():
    return slopes(2.0)


def holding(found, value):
    return np.mean([one.bounds[0] <= value <= one.bounds[1] for one in found])


def test_a_planted_slope_is_in_its_interval_as_often_as_is_said(without, rising):
    for found, slope in ((without, 0.0), (rising, 2.0)):
        assert 0.84 < holding(found, slope) < 0.97
        assert np.mean([one.mean for one in found]) == pytest.approx(slope, abs=0.12)


def test_no_slope_is_seldom_claimed_and_a_large_one_mostly_is(without, rising):
    def curve(estimate):
        return Curve("speed", TPR, False, [0, 1, 2, 3], [None] * 4, estimate, [SEEDS] * 4)

    def claimed(found, words):
        return np.mean([words in slope_sentence([curve(one)]) for one in found])

    assert claimed(without, "0 rise and 0 fall") > 0.84
    assert claimed(rising, "1 rise and 0 fall") > 0.9 and claimed(rising, "1 fall") == 0
