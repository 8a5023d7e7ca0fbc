"""How often a declared plan errs with all its looks, and which trainings it saves, simulated.

    python -m benchmarks.looks [--pages 4000]

A page is one simulated suite: every run of the manifests' claims at every seed of the plan of
profile mini, runs that claims share being shared. AP of run r at seed s is

    level of r + effect of the videos on r, variance `shared` / 2
               + effect of seed and of seed with videos, variance (`seeds` + `interaction`) / 2

with the plan's planning values. Everything after the APs is the code that judges real records.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from experiments.declared.manifests import load_manifests
from experiments.declared.seed_plan import SeedPlan
from experiments.declared.tables import Claim
from experiments.stages.layout import Layout
from reports.looks.foresight import chance_of_decision
from reports.looks.stopping import ABSENT, DECIDED, SUCCESS, Course, Followed, Seen, follow
from reports.statistics.confidence import Array, tail

CHUNK = 250  # pages at a time, for memory


@dataclass(frozen=True)
class World:
    """Claims, the gain that is true of each, in units of the published one, and of each run how
    many times the planned spread between seeds it has."""

    claims: Sequence[Claim]
    truth: Sequence[float]
    spread: dict[str, float]

    @property
    def runs(self) -> list[str]:
        return list(dict.fromkeys(run for one in self.claims for run in (one.better, one.than)))


def simulate(
    plan: SeedPlan, world: World, pages: int, random: np.random.Generator
) -> list[list[Course]]:
    """The courses of all claims by page."""
    found: list[list[Course]] = []
    while len(found) < pages:
        seen = looks(plan, world, min(CHUNK, pages - len(found)), random)
        for page in range(seen.shape[1]):
            found.append(follow(plan, followed(world, seen[:, page])))
    return found


def followed(world: World, seen: Array) -> list[Followed]:
    """Claims of one page; seen: (claims, looks, 3)."""
    return [
        Followed(
            (claim.better, claim.than, claim.metric),
            claim.published_gain,
            [Seen(*map(float, look)) for look in one],
        )
        for claim, one in zip(world.claims, seen, strict=True)
    ]


def looks(plan: SeedPlan, world: World, pages: int, random: np.random.Generator) -> Array:
    """(claims, pages, looks, 3): the numbers of `Seen`."""
    runs = world.runs
    over_seeds = plan.planning.over_seeds(plan.videos) / 2
    over_videos = plan.planning.over_videos(plan.videos) / 2
    spread = np.array([world.spread.get(run, 1.0) for run in runs]) * over_seeds**0.5
    noise = random.normal(size=(pages, len(runs), plan.most)) * spread[:, None]
    noise += random.normal(size=(pages, len(runs), 1)) * over_videos**0.5
    out = np.empty((len(world.claims), pages, len(plan.looks), 3))
    for i, (claim, true) in enumerate(zip(world.claims, world.truth, strict=True)):
        gain = abs(claim.published_gain)
        gaps = noise[:, runs.index(claim.better)] - noise[:, runs.index(claim.than)] + true * gain
        # what a bootstrap over so many videos knows of their effect
        known = 2 * over_videos * random.chisquare(plan.videos - 1, pages) / (plan.videos - 1)
        for look, seeds in enumerate(plan.looks):
            mean, variance = gaps[:, :seeds].mean(1), gaps[:, :seeds].var(1, ddof=1) / seeds
            errors = variance**0.5, known**0.5
            out[i, :, look, 0] = tail(mean, *errors, seeds - 1)
            out[i, :, look, 1] = tail(gain / 2 - mean, *errors, seeds - 1)
            out[i, :, look, 2] = chance_of_decision(
                plan, look, gain, mean, variance, known, len(world.claims)
            )
    return out


def errors(world: World, found: list[list[Course]]) -> float:
    """Share of pages on which a claim without a gain is a SUCCESS, or one whose gain is at least
    half as published is ABSENT."""
    wrong = [
        any(
            (course.stop == SUCCESS and true <= 0) or (course.stop == ABSENT and true >= 0.5)
            for course, true in zip(page, world.truth, strict=True)
        )
        for page in found
    ]
    return float(np.mean(wrong))


def trainings(plan: SeedPlan, world: World, page: list[Course]) -> int:
    """Seeds of all runs that the page needed: each run as long as a claim about it goes on."""
    needed: dict[str, int] = {}
    for claim, course in zip(world.claims, page, strict=True):
        for run in (claim.better, claim.than):
            needed[run] = max(needed.get(run, 0), plan.looks[course.looks - 1])
    return sum(needed.values())


def savings(plan: SeedPlan, world: World, found: list[list[Course]]) -> dict[str, float]:
    """Mean trainings a page, of those of all seeds, and the share of claims that is decided."""
    return {
        "trainings": float(np.mean([trainings(plan, world, page) for page in found])),
        "of": len(world.runs) * plan.most,
        "decided": decided(found),
    }


def decided(found: list[list[Course]]) -> float:
    return float(np.mean([[course.stop in DECIDED for course in page] for page in found]))


def crossed(gaps: Array, seeds: Sequence[int], levels: Sequence[float]) -> float:
    """Share of rows (pages, seeds) whose t exceeds its quantile at a look."""
    out = np.zeros(len(gaps), bool)
    for count, level in zip(seeds, levels, strict=True):
        part = gaps[:, :count]
        t = part.mean(1) / (part.std(1, ddof=1) / count**0.5)
        out |= t > stats.t.isf(level, count - 1)
    return float(out.mean())


def joint(plan: SeedPlan, gaps: Array) -> list[float]:
    """Levels of the looks by Lan and DeMets: of normal means of independent seeds, (N, seeds), the
    share that first crosses at a look is the look's."""
    sums = np.cumsum(gaps, 1)
    going, levels = np.ones(len(gaps), bool), []
    for seeds, share in zip(plan.looks, plan.shares, strict=True):
        z = sums[:, seeds - 1] / seeds**0.5
        bound = np.sort(z[going])[-max(int(len(gaps) * plan.error * share), 1)]
        going &= z < bound
        levels.append(float(stats.norm.sf(bound)))
    return levels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=4000)
    pages = parser.parse_args().pages
    random = np.random.default_rng(0)
    manifests = load_manifests(Layout("mini").manifests)
    claims = [
        claim
        for table in manifests.tables.values()
        if any(row.published for row in table.rows)  # the paper's, not those of controls
        for claim in table.claims
    ]
    mini = manifests.profile("mini").plan
    assert mini is not None
    plans = {
        "mini": mini,
        "mini on 300 videos": replace(mini, videos=300),
        "3 and 5 seeds": replace(mini, videos=300, looks=[3, 5]),
    }
    for (name, plan), (truth, gains), (runs, spread) in itertools.product(
        plans.items(), truths(claims).items(), spreads(claims).items()
    ):
        world = World(claims, gains, spread)
        found = simulate(plan, world, pages, random)
        at_once = simulate(replace(plan, looks=[plan.most]), world, pages, random)
        say(
            {"plan": name, "true": truth, "spread": runs, "error": errors(world, found)}
            | savings(plan, world, found)
            | {"decided by the fixed plan": decided(at_once)}
        )
    boundaries(plans["mini"], 100 * pages, random)


def truths(claims: Sequence[Claim]) -> dict[str, list[float]]:
    """Gains in units of the published ones."""
    count = len(claims)
    every_other = [float(i % 2) for i in range(count)]
    return {"none": [0.0] * count, "half of each": [0.5] * count} | {
        "every other": every_other,
        "each": [1.0] * count,
    }


def spreads(claims: Sequence[Claim]) -> dict[str, dict[str, float]]:
    return {"alike": {}, "every third three times": {one.better: 3.0 for one in claims[::3]}}


def boundaries(plan: SeedPlan, pages: int, random: np.random.Generator) -> None:
    """The error of a single claim without any gain, by how its looks are tested."""
    gaps = random.normal(size=(pages, plan.most))
    split = [plan.error * share for share in plan.shares]
    say({"looks": "joint boundaries", "error": crossed(gaps, plan.looks, joint(plan, gaps))})
    say({"looks": "shares", "error": crossed(gaps, plan.looks, split)})
    for last in (5, 12):
        seeds = range(2, last + 1)
        error = crossed(gaps, seeds, [plan.error] * len(seeds))
        say({"looks": f"5 % each at 2 to {last} seeds", "error": error})


def say(line: dict[str, object]) -> None:
    rounded = {k: round(v, 4) if isinstance(v, float) else v for k, v in line.items()}
    print(json.dumps(rounded), flush=True)


if __name__ == "__main__":
    main()
