"""Statistics of the report: textbook cases against scipy, each error alone and both together."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from reports.statistics.confidence import quantile, tail
from reports.statistics.designs import Chances, Design, chances
from reports.statistics.gain import Estimate, estimate, video_parts
from reports.statistics.multiplicity import holm
from reports.statistics.rank_order import kendall
from tpr.evaluation import evaluate

GAINS = [1.0, 1.4, 1.1, 0.4]


# --- the distribution of both errors


@pytest.mark.parametrize("freedom", [1, 2, 4, 19, 150])
@pytest.mark.parametrize("errors", [(1.0, 0.0), (0.7, 0.3), (0.1, 2.0)])
@pytest.mark.parametrize("distance", [-1.0, 0.0, 1.5, 9.0])
def test_the_tail_is_the_convolution_of_a_t_and_a_normal(freedom, errors, distance):
    over_seeds, over_videos = errors

    def beyond(z):
        left = (distance - over_videos * z) / over_seeds
        return stats.norm.pdf(z) * stats.t.sf(left, freedom)

    middle = min(max(distance / over_videos, -12), 12) if over_videos else 0
    expected, _ = integrate.quad(beyond, -12, 12, epsabs=1e-13, limit=200, points=[middle])
    assert tail(distance, *errors, freedom) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("freedom", [1, 4, math.inf])
def test_the_quantile_is_the_tails_inverse(freedom):
    errors = np.array([1.0, 0.3, 0.0]), np.array([0.0, 0.5, 0.2])
    distance = quantile(0.05, *errors, freedom)
    assert tail(distance, *errors, freedom) == pytest.approx(0.05)
    assert quantile(0.05, 0.0, 0.0, freedom) == 0


# --- a gain against scipy


def test_differences_alone_have_the_interval_of_the_paired_t_test():
    expected = stats.ttest_rel(np.add(GAINS, 30.0), np.full(4, 30.0))
    bounds = expected.confidence_interval(0.9)
    found = estimate(GAINS, None, 0)
    assert (found.low, found.high) == pytest.approx((bounds.low, bounds.high))
    assert (found.freedom, found.video_variance, found.interaction) == (3, None, None)
    assert found.p_at_most(0.0) == pytest.approx(expected.pvalue / 2)
    assert found.p_at_least(0.0) == pytest.approx(1 - expected.pvalue / 2)
    moved = stats.ttest_1samp(GAINS, 1.2, alternative="less").pvalue
    assert found.p_at_least(1.2) == pytest.approx(moved)


def test_what_seeds_share_over_videos_is_the_covariance_of_their_draws():
    draws = np.random.default_rng(0).normal(size=(3, 50)) + np.linspace(-2, 2, 50)
    between = [np.cov(draws)[i, j] for i, j in ((0, 1), (0, 2), (1, 2))]
    shared, interaction = video_parts(draws, 10)
    assert shared == pytest.approx(np.mean(between) * 10 / 9)
    assert shared + interaction == pytest.approx(np.trace(np.cov(draws)) / 3 * 10 / 9)


def test_seeds_whose_draws_go_apart_share_nothing():
    draws = np.array([[1.0, -1.0] * 5, [-1.0, 1.0] * 5])
    assert video_parts(draws, 10) == (0.0, pytest.approx(2 * 10 / 9 * 10 / 9))


def test_both_errors_make_the_interval():
    draws = np.tile([0.0, 2.0], (4, 50)) + 1.0
    found = estimate(GAINS, draws, 200)
    assert found.video_variance == pytest.approx(100 / 99 * 200 / 199)
    assert found.error**2 == pytest.approx(np.var(GAINS, ddof=1) / 4 + found.video_variance)
    reach = quantile(0.05, np.std(GAINS, ddof=1) / 2, found.video_variance**0.5, 3)
    assert (found.low, found.high) == pytest.approx((0.975 - reach, 0.975 + reach))
    assert found.p_at_least(found.high) == pytest.approx(0.05) == found.p_at_most(found.low)


def test_one_seed_has_an_interval_over_videos_and_no_test():
    found = estimate([1.0], np.array([[0.0, 2.0] * 50]), 200)
    reach = stats.norm.isf(0.05) * (100 / 99 * 200 / 199) ** 0.5
    assert (found.low, found.high) == pytest.approx((1 - reach, 1 + reach))
    assert found.seed_variance is None and found.p_at_most(0.0) is None
    assert estimate([1.0], None, 0).bounds is None


def test_no_error_at_all_leaves_no_doubt():
    found = estimate([1.0, 1.0], None, 0)
    assert (found.low, found.high, found.p_at_most(0), found.p_at_least(2)) == (1, 1, 0, 0)
    assert found.p_at_least(0) == pytest.approx(1)
    nothing = estimate([0.0, 0.0], np.zeros((2, 9)), 5)
    assert nothing.bounds == (0, 0) and nothing.p_at_least(0.5) == 0
    assert nothing.p_at_most(0) == pytest.approx(1)


def test_the_paired_bootstrap_is_scipys():
    """Standard error of a difference of AP over 12 videos, each with one track, found or not."""
    rng = np.random.default_rng(0)
    mask = {"size": [2, 2], "counts": "04"}
    track = {"category_id": 1, "segmentations": [mask]}
    truth = {
        "videos": [{"id": v, "height": 2, "width": 2} for v in range(1, 13)],
        "categories": [{"id": 1, "name": "cow"}],
        "annotations": [track | {"id": v, "video_id": v} for v in range(1, 13)],
    }
    found = [
        evaluate(truth, [track | {"video_id": v, "score": rng.random()} for v in videos])
        for videos in (range(1, 11), (1, 2, 3, 5, 8, 12))
    ]

    def difference(videos):
        counts = np.bincount(videos, minlength=12)[None]
        return (found[0].weighted(counts) - found[1].weighted(counts)).item()

    theirs = stats.bootstrap(
        (np.arange(12),), difference, vectorized=False, n_resamples=600, rng=rng, method="basic"
    )
    ours = np.std(found[0].bootstrap(2000) - found[1].bootstrap(2000), ddof=1)
    assert ours == pytest.approx(theirs.standard_error, rel=0.08)


# --- other designs


def known(seed_variance, video_variance, interaction):
    return Estimate(0.0, seed_variance, video_variance, 4, None, None, interaction)


def test_more_videos_shrink_what_videos_bring_and_more_seeds_what_seeds_bring():
    """No error over videos: the chance is that of a t test, by its noncentral distribution."""
    measured = known(0.5 / 5, 0.0, 0.4)  # at one seed 0.1 of seeds and 0.4 of seeds and videos
    found = chances(measured, 5, 300, 1.0, Design(10, 1200), 0.05)
    error = math.sqrt((0.1 + 0.4 / 4) / 10)
    limit = stats.t.isf(0.05, 9)
    assert found.found == pytest.approx(stats.nct.sf(limit, 9, 1.0 / error), abs=1e-3)
    assert found.denied == pytest.approx(stats.nct.sf(limit, 9, 0.5 / error), abs=1e-3)


def test_an_effect_of_the_videos_shrinks_with_their_number_alone():
    measured = known(0.0, 0.04, 0.0)
    few, many = (chances(measured, 5, 300, 0.5, Design(n, 1200), 0.05) for n in (5, 50))
    assert few.found == pytest.approx(stats.norm.sf(stats.norm.isf(0.05) - 0.5 / 0.1), abs=1e-6)
    assert few.denied == pytest.approx(many.denied)


def test_an_interaction_above_the_whole_variance_counts_as_the_whole():
    whole, above = (chances(known(0.1, 0, i), 5, 300, 1, Design(5, 600), 0.05) for i in (0.5, 0.9))
    assert whole == above and whole.found < 1


def test_designs_need_variances_and_no_variance_decides():
    assert chances(known(None, 0.1, None), 1, 300, 1.0, Design(5, 300), 0.05) is None
    assert chances(known(0.1, None, None), 5, 300, 1.0, Design(5, 300), 0.05) is None
    assert chances(known(0.0, 0.0, 0.0), 5, 300, -1.0, Design(5, 300), 0.05) == Chances(1, 1)


# --- many tests, orders


def test_kendalls_tau_counts_pairs():
    tau, p = kendall([1, 2, 3, 4], [10, 30, 20, 40])  # five of six pairs agree
    assert tau == pytest.approx((5 - 1) / 6)
    assert p == stats.kendalltau([1, 2, 3, 4], [10, 30, 20, 40]).pvalue
    assert kendall([1, 2], [1, 2]) is None
    assert kendall([1, 2, 3], [5, 5, 5]) is None


def test_holms_adjustment_is_the_worked_example():
    # 0.01 * 4, 0.013 * 3 raised to what came before, 0.03 * 2 and 0.04 raised alike
    assert holm([0.04, 0.01, 0.03, 0.013]) == pytest.approx([0.06, 0.04, 0.06, 0.04])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []
