"""Coverage of intervals and errors of verdicts, as the tables of docs/report.md."""

import argparse
import sys
from collections.abc import Iterator

import numpy as np

from benchmarks.gain_statistics.rules import RULES, Rule, no_less_than_draws, report
from benchmarks.gain_statistics.worlds import Comparisons, Page, World, pages
from experiments.declared.tables import load_tables
from experiments.stages.layout import Layout
from reports.claims.verdicts import SIZE
from reports.statistics.multiplicity import holm

ODD_RUN = "sipmask-r50+tpr"  # of mini, whose spread over seeds is three times the others'
WORLDS = {
    "alike": World(),
    "one odd run": World(odd=3.0),
    "no effect of videos": World(module=0.0),
    "heavy tails": World(odd=3.0, tails=3),
}
TRUE_GAIN = 1.0  # for the chance that a gain is found


def committed_comparisons() -> Comparisons:
    """Those of the paper's claims, as the tables declare them, each once; not those of controls."""
    tables = load_tables(Layout("mini").manifests)
    claims = [
        claim
        for table in tables
        if any(row.published for row in table.rows)
        for claim in table.claims
    ]
    pairs = list(dict.fromkeys((claim.better, claim.than) for claim in claims))
    runs = list(dict.fromkeys(run for pair in pairs for run in pair))
    better, than = zip(*((runs.index(a), runs.index(b)) for a, b in pairs), strict=True)
    return Comparisons(better, than, runs.index(ODD_RUN))


def covered(rule: Rule, page: Page) -> np.ndarray:
    """(P, C) whether the 90 % interval holds the true gain, 0."""
    p = rule(page, page.mean)
    return (p > SIZE) & (p < 1 - SIZE)


def found(rule: Rule, page: Page, gain: float) -> np.ndarray:
    """(P, C) whether each claim by itself excludes a gain of zero, the true one being `gain`."""
    return rule(page, page.mean + gain) < SIZE


def any_found(rule: Rule, page: Page) -> np.ndarray:
    """(P,) whether any claim of a page is found after Holm's correction, though nothing is true."""
    smallest = rule(page, page.mean)
    return np.array([min(holm(list(row))) < SIZE for row in smallest])


def found_at_any_look(page: Page, looks: tuple[int, ...]) -> np.ndarray:
    """(P, C) whether a claim by itself is found at one of the looks, each after so many seeds."""
    return np.any([found(report, page.first(seeds), 0.0) for seeds in looks], axis=0)


def coverage_table(
    repeats: int, comparisons: Comparisons, rng: np.random.Generator
) -> Iterator[str]:
    yield "| world | seeds | videos | covered | with odd run | found alone | any found on a page |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for name, world in WORLDS.items():
        for seeds in (3, 5, 10, 20):
            for videos in (300, 1500):
                page = pages(world, comparisons, seeds, videos, repeats, rng)
                cells = [name, str(seeds), str(videos), *_rates(report, page, comparisons)]
                yield f"| {' | '.join(cells)} |"


def rules_table(repeats: int, comparisons: Comparisons, rng: np.random.Generator) -> Iterator[str]:
    yield (
        "| rule | seeds | covered | with odd run | found alone | any found on a page | "
        f"a gain of {TRUE_GAIN:g} found |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for seeds in (3, 5, 10):
        page = pages(WORLDS["one odd run"], comparisons, seeds, 300, repeats, rng)
        for name, rule in RULES.items():
            power = found(rule, page, TRUE_GAIN)[:, ~comparisons.with_odd].mean()
            cells = [name, str(seeds), *_rates(rule, page, comparisons), f"{power:.2f}"]
            yield f"| {' | '.join(cells)} |"


def looks_table(repeats: int, comparisons: Comparisons, rng: np.random.Generator) -> Iterator[str]:
    yield "| world | found alone, 5 seeds | found at one of the looks after 2, 3, 4 and 5 |"
    yield "|---|---:|---:|"
    for name in ("alike", "no effect of videos"):
        page = pages(WORLDS[name], comparisons, 5, 300, repeats, rng)
        once, looked = found(report, page, 0.0), found_at_any_look(page, (2, 3, 4, 5))
        yield f"| {name} | {100 * once.mean():.1f} % | {100 * looked.mean():.1f} % |"


def narrow_table(repeats: int, comparisons: Comparisons) -> Iterator[str]:
    """Of intervals that are narrow and of the others, and what a least error would do."""
    yield (
        "| world | seeds | narrow | these covered | others covered | all, with draws as the least "
        f"error | a gain of {TRUE_GAIN:g} found | with draws as the least error |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    rng = np.random.default_rng(1)  # of its own, so that it can be made alone
    for name, world in WORLDS.items():
        for seeds in (3, 5):
            page = pages(world, comparisons, seeds, 300, repeats, rng)
            narrow, inside = page.narrow, covered(report, page)
            rates = [narrow, inside[narrow], inside[~narrow], covered(no_less_than_draws, page)]
            rates += [found(rule, page, TRUE_GAIN) for rule in (report, no_less_than_draws)]
            cells = [name, str(seeds), *(f"{100 * rate.mean():.0f} %" for rate in rates)]
            yield f"| {' | '.join(cells)} |"


def _rates(rule: Rule, page: Page, comparisons: Comparisons) -> list[str]:
    """Covered without and with the odd run; wrongly found: a claim by itself, any of a page."""
    inside, wrong, odd = covered(rule, page), found(rule, page, 0.0), comparisons.with_odd
    rates = [
        inside[:, ~odd].mean(),
        inside[:, odd].mean(),
        wrong.mean(),
        any_found(rule, page).mean(),
    ]
    return [f"{100 * rate:.1f} %" for rate in rates]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gain_statistics", description=__doc__
    )
    parser.add_argument("--repeats", type=int, default=1000, help="pages a line (default: 1000)")
    parser.add_argument("--narrow", action="store_true", help="only the last table")
    options = parser.parse_args(arguments)
    comparisons, rng = committed_comparisons(), np.random.default_rng(0)
    for table in () if options.narrow else (coverage_table, rules_table, looks_table):
        for line in table(options.repeats, comparisons, rng):
            print(line, flush=True)
        print()
    for line in narrow_table(options.repeats, comparisons):
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
