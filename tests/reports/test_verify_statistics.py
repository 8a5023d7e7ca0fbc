"""The statistics of reports.verify against what they are said to be, by drawing."""

import numpy as np
import pytest
from scipy import stats

from reports.verify.derived.gain_statistics import distances, estimate, holm, tail


@pytest.mark.parametrize(("seed_error", "video_error", "freedom"), [(0.3, 0.2, 4), (0.2, 0.5, 1)])
def test_the_tail_is_that_of_the_sum_of_a_t_and_a_normal_variable(seed_error, video_error, freedom):
    rng = np.random.default_rng(0)
    drawn = seed_error * rng.standard_t(freedom, 400_000)
    drawn += video_error * rng.standard_normal(400_000)
    for far in (0.1, 0.6, 1.5):
        assert tail(far, seed_error, video_error, freedom) == pytest.approx(
            np.mean(drawn > far), abs=0.003
        )


def test_an_error_over_seeds_alone_is_students_over_videos_alone_normal():
    assert tail(1.0, 0.5, 0.0, 4) == pytest.approx(stats.t.sf(2, 4))
    assert tail(1.0, 0.0, 0.5, 4) == pytest.approx(stats.norm.sf(2))
    reach = distances(0.05, np.array([0.5]), 0.0, 4)
    assert reach == pytest.approx(0.5 * stats.t.isf(0.05, 4))


def test_what_seeds_share_is_the_error_over_videos():
    rng = np.random.default_rng(1)
    shared, own = rng.normal(0, 0.4, 4000), rng.normal(0, 0.7, (5, 4000))
    found = estimate([1.0, 2.0, 3.0, 2.0, 2.0], shared + own, 10_000)
    assert found.mean == 2.0 and found.seed_error == pytest.approx(np.sqrt(0.5 / 5))
    assert found.video_error == pytest.approx(0.4, abs=0.02)
    assert found.interaction == pytest.approx(0.49, abs=0.03)


def test_seeds_that_share_nothing_have_no_error_over_videos_below_zero():
    draws = np.array([[1.0, -1.0, 1.0, -1.0], [-1.0, 1.0, -1.0, 1.0]])
    assert estimate([0.0, 1.0], draws, 4).video_error == 0.0


def test_holm_multiplies_by_the_tests_left():
    assert holm([0.01, 0.04, 0.03, 0.9]) == pytest.approx([0.04, 0.09, 0.09, 0.9])
