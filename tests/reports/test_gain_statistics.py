"""Statistics of the report: textbook cases against scipy, and what intervals do in the long run."""

import numpy as np
import pytest
from scipy import stats

from reports.claims.verdicts import REPRODUCED, verdict
from reports.statistics import (
    Noise,
    estimate,
    holm,
    kendall,
    one_sided_p,
    pooled_noise,
    seeds_needed,
)
from tpr.evaluation import evaluate

A, B = [31.0, 32.4, 31.6], [30.0, 31.0, 30.5]


# --- against scipy


def test_two_runs_alone_have_the_interval_of_the_two_sample_t_test():
    expected = stats.ttest_ind(A, B)
    bounds = expected.confidence_interval(0.9)
    gains = np.subtract(A, B)
    found = estimate(gains, None, 0, pooled_noise([A, B], []))
    assert (found.low, found.high) == pytest.approx((bounds.low, bounds.high), abs=1e-12)
    assert found.freedom == expected.df
    assert one_sided_p(found, 2.5) == pytest.approx(expected.pvalue / 2, abs=1e-12)
    assert one_sided_p(found, -0.5) == pytest.approx(1 - expected.pvalue / 2, abs=1e-12)


def test_unequal_variances_add_up_with_welchs_degrees_of_freedom():
    """A seed part 2 * 0.5 / 2 with 4 degrees; 3 draws over 9 videos: 1 * 9 / 8 with 8 and 2."""
    draws = np.array([[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]])  # variance 1 of their mean
    found = estimate([1.0, 3.0], draws, 9, Noise(0.5, 4))
    freedom = 1.625**2 / (0.5**2 / 4 + 1.125**2 * (1 / 8 + 1 / 2))
    reach = stats.t.ppf(0.95, freedom) * 1.625**0.5
    assert (found.mean, found.seed_variance, found.video_variance) == (2, 0.5, 1.125)
    assert found.freedom == pytest.approx(freedom)
    assert (found.low, found.high) == pytest.approx((2 - reach, 2 + reach))


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


# --- noise


def test_the_spread_is_pooled_over_runs_of_any_length():
    # squares 0.5 and 2 about the means, 1 and 2 degrees; a single seed adds nothing
    noise = pooled_noise([[1.0, 2.0], [5.0, 6.0, 7.0], [50.0]], [])
    assert (noise.seed, noise.freedom, noise.interaction) == (pytest.approx(2.5 / 3), 3, 0.0)


def test_without_a_second_seed_the_spread_is_unknown():
    assert pooled_noise([[1.0], [2.0], []], []) is None
    found = estimate([1.0], np.array([[0.0, 2.0]]), 2, None)
    assert found.seed_variance is None and found.video_variance == 4
    assert estimate([1.0], None, 0, None).low is None


def test_one_seed_borrows_the_spread_of_other_runs():
    found = estimate([1.0], None, 0, Noise(0.5, 8))
    assert found.error == 1.0
    assert found.high - 1.0 == pytest.approx(stats.t.ppf(0.95, 8))


def test_what_seeds_and_videos_share_is_counted_once():
    """Draws of seeds that differ by chance alone: their spread over videos is all interaction."""
    draws = np.random.default_rng(0).normal(size=(4, 3, 4000))  # runs, seeds, draws
    noise = pooled_noise([[0.0, 1.0, 2.0]] * 4, list(draws))
    assert noise.interaction == pytest.approx(1, rel=0.03)
    alone = estimate([0.0] * 3, draws[0] - draws[1], 4000, None).video_variance
    assert alone == pytest.approx(2 / 3, rel=0.05)
    left = estimate([0.0] * 3, draws[0] - draws[1], 4000, noise).video_variance
    assert left == pytest.approx(0, abs=0.04)


def test_no_error_at_all_leaves_no_doubt():
    found = estimate([1.0, 1.0], None, 0, Noise(0.0, 2))
    assert (found.low, found.high, one_sided_p(found, 1), one_sided_p(found, -1)) == (1, 1, 0, 1)


# --- in the long run

# spreads of (videos, seeds, interaction of both), as standard deviations of the run's metric
WORLDS = {"seeds": (0.1, 1.0, 0.1), "videos": (1.0, 0.1, 0.1), "all": (0.5, 0.5, 0.5)}
WORLDS |= {"interaction": (0.1, 0.1, 1.0)}
VIDEOS, DRAWS, PAIRS = 60, 200, 3


def simulate(world, seeds, gain, repeats, rng):
    """Estimates of a true gain in made-up suites of six runs; ``seeds`` by run."""
    shared, seed_spread, interaction = np.array(WORLDS[world]) * [VIDEOS**0.5, 1, VIDEOS**0.5]
    weights = rng.multinomial(VIDEOS, [1 / VIDEOS] * VIDEOS, size=DRAWS).T / VIDEOS
    for _ in range(repeats):
        runs = []
        for run, count in enumerate(seeds):
            scores = rng.normal(scale=shared, size=VIDEOS) + gain * (run % 2 == 0)
            scores = scores + rng.normal(scale=interaction, size=(count, VIDEOS))
            runs.append(scores + rng.normal(scale=seed_spread, size=(count, 1)))
        draws = [scores @ weights for scores in runs]
        noise = pooled_noise([scores.mean(axis=1) for scores in runs], draws)
        for first in range(0, 2 * PAIRS, 2):
            both = min(len(runs[first]), len(runs[first + 1]))
            better, than = (runs[place][:both] for place in (first, first + 1))
            gains = better.mean(axis=1) - than.mean(axis=1)
            yield estimate(gains, (better - than) @ weights, VIDEOS, noise)


@pytest.mark.parametrize("seeds", [(3,) * 6, (5, 5, 1, 1, 3, 3)], ids=["three", "one to five"])
@pytest.mark.parametrize("world", WORLDS)
def test_intervals_cover_the_truth_and_nothing_is_rarely_reproduced(world, seeds):
    rng = np.random.default_rng(1)
    found = list(simulate(world, seeds, 0.0, 400, rng))
    covered = np.mean([one.low <= 0 <= one.high for one in found])
    reproduced = np.mean([verdict(0.5, one).word == REPRODUCED for one in found])
    assert 0.85 <= covered <= 0.97
    assert reproduced <= 0.06


def test_as_many_seeds_as_needed_show_the_gain_four_times_in_five():
    _, seed_spread, interaction = WORLDS["all"]
    variance = seed_spread**2 + interaction**2
    needed = seeds_needed(2.2, variance, 2 * WORLDS["all"][0] ** 2)
    found = list(simulate("all", (needed,) * 6, 2.2, 300, np.random.default_rng(2)))
    assert np.mean([one.low > 0 for one in found]) == pytest.approx(0.8, abs=0.06)


def test_seeds_needed_is_the_textbook_number():
    # ((1.6449 + 0.8416) / 1)^2 * 2 = 12.4
    assert seeds_needed(1.0, 1.0, 0.0) == 13
    assert seeds_needed(-1.0, 1.0, 0.0) == 13
    assert seeds_needed(10.0, 1.0, 0.0) == 1
    assert seeds_needed(1.0, 1.0, 0.2) is None  # 0.1617 is all that the gain leaves
    assert seeds_needed(0.01, 1.0, 0.0) is None
