"""`--until-decided`: the rounds of a profile's declared plan, each up to its next look.

What a look shows is told by `reports.looks`, in a process of its own as the page is.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from experiments.declared.seed_plan import SeedPlan
from experiments.engine.launch.local import environment
from experiments.stages.layout import Layout
from experiments.terminal.suite import Suite
from tpr.terminal import printable, several

JUDGE = ("-m", "reports.looks")
Claim = dict[str, Any]  # as reports.looks tells of one


@dataclass
class Rounds:
    """What the rounds work with.

    tables: ids of those to decide; suite: makes the work that options ask for; run: runs it and
    returns the exit status; judge: arguments for Python that print the looks; seeds: by run, how
    many seeds the rounds have asked for.
    """

    options: argparse.Namespace
    layout: Layout
    plan: SeedPlan
    tables: list[str]
    suite: Callable[[argparse.Namespace], Suite]
    run: Callable[[argparse.Namespace, Suite], int]
    judge: Sequence[str] = JUDGE
    seeds: dict[str, int] = field(default_factory=dict[str, int])

    def work(self, look: int, claims: list[Claim]) -> Suite:
        """The work for a look (counted from 0): the runs of the claims at the seeds of the look."""
        runs = list(dict.fromkeys(run for one in claims for run in (one["better"], one["than"])))
        self.seeds |= dict.fromkeys(runs, self.plan.looks[look])
        self.options.targets, self.options.seeds = runs, self.plan.seeds(look)
        return self.suite(self.options)

    def look(self) -> tuple[str, list[Claim]]:
        """The plan as a sentence, and the claims of the tables with their looks so far."""
        command = [sys.executable, *self.judge, "--profile", self.layout.profile]
        done = subprocess.run(
            [*command, "--root", str(self.layout.root)],
            cwd=self.layout.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment(1),
            encoding="utf-8",
            errors="replace",
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no message"]
            raise ValueError(f"the looks cannot be judged: {printable(lines[-1], 300)}")
        told = json.loads(done.stdout)
        return told["plan"], [one for one in told["claims"] if one["table"] in self.tables]


def decide(rounds: Rounds) -> int:
    """Runs rounds until every claim has stopped, or cannot go on here; returns the exit status."""
    plan, claims = rounds.look()
    say(f"Plan: {plan}")
    for one in claims:
        say(f"  {title(one)}: {one['foreseen']}")
    status, going = 0, claims
    for look in range(len(rounds.plan.looks)):
        work = rounds.work(look, going)
        say(heading(rounds, look, work))
        is_left = bool(work.todo)
        status = max(status, rounds.run(rounds.options, work))
        if is_left and (rounds.options.dry_run or rounds.options.launcher == "slurm"):
            say(later(rounds, look))
            return status
        _, claims = rounds.look()
        for one in going:
            say(f"  {title(one)}: {update(one, claims)['looks'][look]}")
        going = [found for one in going if goes_on(found := update(one, claims), look)]
        if not going:
            break
    say(summary(rounds, claims))
    return status


def update(claim: Claim, claims: list[Claim]) -> Claim:
    """The claim of the same name in the latest list."""
    return next(one for one in claims if title(one) == title(claim))


def goes_on(claim: Claim, look: int) -> bool:
    """Whether the claim takes another look after this one; False if records of this look are
    missing."""
    return claim["taken"] > look + 1 or (claim["taken"] == look + 1 and not claim["stop"])


def title(claim: Claim) -> str:
    return f"{claim['table']} {claim['name']}"


def heading(rounds: Rounds, look: int, work: Suite) -> str:
    seeds, runs = rounds.options.seeds, len(rounds.options.targets)
    what = f"{several(len(work.todo), 'stage')} to run" if work.todo else "all there"
    return (
        f"Look {look + 1} of {len(rounds.plan.looks)}, {len(seeds)} seeds ({seeds[0]} to "
        f"{seeds[-1]}) of {runs} runs: {what}"
    )


def later(rounds: Rounds, look: int) -> str:
    """What comes after a round that was only submitted or only printed."""
    if rounds.options.dry_run:
        return f"Rounds after look {look + 1} depend on what it shows."
    return (
        f"When these jobs have ended (`./run_all.sh status`), the same command takes look "
        f"{look + 1} and submits what goes on."
    )


def summary(rounds: Rounds, claims: list[Claim]) -> str:
    decided = sum(one["decided"] for one in claims)
    waiting = sum(not one["stop"] for one in claims)
    parts = [f"{decided} of {len(claims)} claims decided"]
    parts += [f"{len(claims) - decided - waiting} stopped undecided"]
    parts += [f"{waiting} wait for records that are missing"] if waiting else []
    most = len(rounds.seeds) * rounds.plan.most
    used = sum(rounds.seeds.values())
    return f"{', '.join(parts)}; {used} of the plan's {most} trainings were asked for"


def say(line: str) -> None:
    print(printable(line, 1000), flush=True)
