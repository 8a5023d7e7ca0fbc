"""What intervals and verdicts do on many made-up pages: docs/report.md's tables in small."""

from itertools import product

import numpy as np
import pytest

from benchmarks.gain_statistics.__main__ import (
    WORLDS,
    any_found,
    committed_comparisons,
    covered,
    found,
    found_at_any_look,
)
from benchmarks.gain_statistics.rules import no_less_than_draws, own_satterthwaite, pooled, report
from benchmarks.gain_statistics.worlds import Comparisons, Page, World, pages
from reports.statistics.gain import video_parts

# four baselines, each with a run of its own and one that two comparisons share
SMALL = Comparisons(better=[4, 5, 6, 7, 4], than=[0, 1, 2, 3, 1], odd=7)
REPEATS = 3000
CASES = list(product(["alike", "one odd run"], [3, 8]))
MADE: dict[tuple[str, int], Page] = {}


def made(world, seeds):
    """The pages of a world, made once."""
    if (world, seeds) not in MADE:
        rng = np.random.default_rng(100 + seeds)
        MADE[world, seeds] = pages(WORLDS[world], SMALL, seeds, 300, REPEATS, rng)
    return MADE[world, seeds]


@pytest.mark.parametrize(("world", "seeds"), CASES)
def test_nine_in_ten_intervals_hold_the_truth_with_and_without_an_odd_run(world, seeds):
    inside = covered(report, made(world, seeds))
    for part in (inside[:, SMALL.with_odd], inside[:, ~SMALL.with_odd]):
        assert 0.87 <= part.mean() <= 0.93


@pytest.mark.parametrize(("world", "seeds"), CASES)
def test_what_is_not_there_is_found_in_one_of_twenty_at_most(world, seeds):
    page = made(world, seeds)
    wrong = found(report, page, 0.0)  # by each claim itself
    for part in (wrong[:, SMALL.with_odd], wrong[:, ~SMALL.with_odd]):
        assert part.mean() <= 0.055
    assert any_found(report, page).mean() <= 0.055  # on a page, after the correction


def test_the_rules_that_were_not_chosen_fail():
    """Pooling gives the odd run another's error; one t for both errors is too sure far out."""
    page = made("one odd run", 3)
    assert covered(pooled, page)[:, SMALL.with_odd].mean() < 0.75
    assert any_found(own_satterthwaite, page).mean() > 0.07


def test_intervals_of_seeds_that_happen_to_agree_are_a_little_narrow_and_others_wide():
    """Unless the error over videos of these seeds is the least: then nearly all hold the truth."""
    page = made("alike", 3)
    narrow, inside = page.narrow, covered(report, page)
    assert 0.4 < narrow.mean() < 0.7
    assert 0.8 < inside[narrow].mean() < 0.9 < inside[~narrow].mean()
    assert covered(no_less_than_draws, page).mean() > 0.97


def test_adding_seeds_after_a_look_doubles_the_error():
    page = made("alike", 8)
    looked = found_at_any_look(page, (2, 3, 4, 5)).mean()
    assert looked > 0.08 > 0.055 > found(report, page, 0.0).mean()


def test_a_made_up_page_has_the_variances_it_was_asked_for():
    world = World(seed=0.2, interaction=0.1, shared=0.5, module=0.05)
    page = pages(world, SMALL, 4, 600, 1500, np.random.default_rng(0))
    assert page.seed_variance.mean() * 4 == pytest.approx(2 * 0.5 * (0.2 + 0.1 / 2), rel=0.05)
    assert page.interaction.mean() == pytest.approx(2 * 0.5 * 0.1 / 2, rel=0.02)
    raw = page.of_each - page.interaction
    assert raw.mean() == pytest.approx(2 * 0.05 / 2, rel=0.02)
    assert np.var(page.gains.mean(-1)) == pytest.approx((0.25 / 4 + 0.05), rel=0.05)


def test_an_endless_bootstrap_is_what_draws_tend_to():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(3, 40)) + rng.normal(size=40)
    weights = rng.multinomial(40, [1 / 40] * 40, size=40000).T / 40
    shared, interaction = video_parts(scores @ weights, 40)
    of_mean, of_each = (scores.mean(0).var(ddof=1) / 40, scores.var(1, ddof=1).mean() / 40)
    page = Page(*(np.array([[one]]) for one in ([0.0] * 3, [0.0] * 3, of_mean, of_each)))
    assert shared == pytest.approx(page.shared.item(), rel=0.05)
    assert interaction == pytest.approx(page.interaction.item(), rel=0.05)


def test_the_simulated_page_has_the_papers_comparisons():
    comparisons = committed_comparisons()
    assert (len(comparisons.better), comparisons.with_odd.sum()) == (22, 1)
