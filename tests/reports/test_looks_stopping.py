"""A plan's error over looks and claims: what stops a claim, and how often that errs."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from benchmarks.looks import World, crossed, errors, joint, savings, simulate
from experiments.declared.seed_plan import Planning, SeedPlan
from experiments.declared.tables import Claim
from reports.looks.foresight import chance_of_decision, planned
from reports.looks.stopping import (
    ABSENT,
    FUTILITY,
    MOST,
    OUT_OF_REACH,
    SUCCESS,
    WAITING,
    Followed,
    Seen,
    follow,
)

PLAN = SeedPlan(
    declared=date(2026, 11, 29),
    first_seed=0,
    looks=[3, 6],  # of which the first has a quarter of the error
    videos=300,
    error=0.05,
    spending=2.0,
    futility=0.05,
    power=0.8,
    planning=Planning(videos=300, seeds=0.05, interaction=0.3, shared=0.03),
)
OPEN = Seen(0.5, 0.5, 0.5)


def courses(*claims, plan=PLAN, published=1.0):
    """Of claims about different runs; each the looks that it shows."""
    return follow(plan, [Followed(i, published, seen) for i, seen in enumerate(claims)])


@pytest.mark.parametrize(
    ("seen", "stop", "looks"),
    [
        ([Seen(0.0124, 0.5, 0.5), OPEN], SUCCESS, 1),  # 0.05 times a quarter is 0.0125
        ([Seen(0.0126, 0.5, 0.5), OPEN], MOST, 2),
        ([OPEN, Seen(0.0374, 0.5, 1.0)], SUCCESS, 2),  # times three quarters 0.0375
        ([OPEN, Seen(0.0376, 0.5, 1.0)], MOST, 2),
        ([Seen(0.5, 0.0124, 0.5), OPEN], ABSENT, 1),
        ([Seen(0.001, 0.001, 0.5), OPEN], ABSENT, 1),  # less than half of it, but some
        ([Seen(0.5, 0.5, 0.049), OPEN], FUTILITY, 1),
        ([Seen(0.5, 0.5, 0.051), None], WAITING, 1),
        ([None, OPEN], WAITING, 0),
    ],
)
def test_a_look_tests_at_its_own_share_of_the_error(seen, stop, looks):
    [course] = courses(seen)
    assert (course.stop, course.looks) == (stop, looks)


def test_the_p_over_looks_is_that_of_the_best_look_so_far():
    [course] = courses([Seen(0.02, 0.5, 0.5), OPEN])
    assert [p.none for p in course.p] == pytest.approx([0.08, 0.08])
    assert [p.half for p in course.p] == pytest.approx([1.0, 0.5 / 0.75])


def test_claims_of_a_page_share_the_error_also_those_that_have_not_run():
    seen = [Seen(0.007, 0.5, 0.5), OPEN]
    assert [one.stop for one in courses(seen)] == [SUCCESS]
    assert [one.stop for one in courses(seen, [None, None])] == [MOST, WAITING]


def test_a_decided_claim_leaves_its_part_to_the_others():
    first, second = courses([Seen(0.001, 0.5, 0.5), OPEN], [OPEN, Seen(0.03, 0.5, 0.5)])
    assert (first.looks, first.stop, second.stop) == (1, SUCCESS, SUCCESS)


def test_one_comparison_in_two_claims_counts_once():
    seen = [Seen(0.007, 0.5, 0.5), OPEN]
    assert [one.stop for one in follow(PLAN, [Followed("ab", 1.0, seen)] * 2)] == [SUCCESS] * 2


def test_a_claim_out_of_reach_asks_for_no_seeds_but_takes_looks_that_are_there():
    there, gone = [OPEN, Seen(0.001, 0.5, 0.5)], [OPEN, None]
    for seen, expected in ((there, SUCCESS), (gone, OUT_OF_REACH)):
        [course] = follow(PLAN, [Followed(0, 1.0, seen, in_reach=False)])
        assert course.stop == expected


def test_what_a_plan_can_decide_depends_on_videos_more_than_on_seeds():
    def found(plan):
        over = plan.planning
        return planned(plan, 0.7, 22, over.over_seeds(plan.videos), over.over_videos(plan.videos))

    most = replace(PLAN, looks=[3, 20])
    few, seeds, videos = found(PLAN), found(most), found(replace(PLAN, videos=1500))
    assert few.found < 0.15 < 0.5 < seeds.found < 0.7
    assert found(replace(most, videos=1500)).found > 0.99
    assert few.denied < few.found and videos.found > few.found


def test_a_gain_on_the_edge_has_less_chance_of_a_decision_the_later_it_is():
    plan = replace(PLAN, looks=[3, 5, 8, 12, 20])
    chance = [
        float(chance_of_decision(plan, look, 0.7, 0.35, 0.35 / seeds, 0.03, 22))
        for look, seeds in enumerate(plan.looks)
    ]
    assert chance == sorted(chance, reverse=True) and chance[0] > 0.2 > 0.01 > chance[3]
    assert float(chance_of_decision(plan, 3, 0.7, 2.0, 0.35 / 12, 0.03, 22)) > 0.99


CLAIMS = [Claim(f"{a} over {b}", a, b, 1.5) for a, b in ("ba", "ca", "da", "db", "ea", "fe")]


@pytest.mark.parametrize("true", [0.0, 0.5])
def test_a_page_errs_in_at_most_five_percent_of_cases_with_all_its_looks(true):
    plan = replace(PLAN, looks=[3, 5, 8])  # two degrees of freedom at the first
    world = World(CLAIMS, [true] * len(CLAIMS), {"a": 3.0})
    random = np.random.default_rng(0)
    found = simulate(plan, world, 600, random)
    assert 0.005 < errors(world, found) <= 0.05
    careless = replace(plan, error=0.45)  # nine times as much is told apart
    assert errors(world, simulate(careless, world, 100, random)) > 0.15


def test_clear_gains_stop_early_and_are_decided_as_by_the_fixed_plan():
    plan = replace(PLAN, looks=[3, 5, 8, 12, 20], videos=1500)
    world = World(CLAIMS, [1.0] * len(CLAIMS), {})
    found = savings(plan, world, simulate(plan, world, 100, np.random.default_rng(0)))
    assert found["decided"] > 0.95 and found["trainings"] < 0.6 * found["of"]


def test_boundaries_of_independent_looks_exceed_the_error_with_few_seeds_and_shares_do_not():
    random = np.random.default_rng(0)
    plan = replace(PLAN, looks=[3, 5, 8], spending=1.0)
    gaps = random.normal(size=(200_000, plan.most))
    shares = [plan.error * share for share in plan.shares]
    assert crossed(gaps, plan.looks, joint(plan, gaps)) > 0.052
    assert crossed(gaps, plan.looks, shares) < 0.05
