"""Printed stages under headings: what runs share, then each table's runs with how many are done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from experiments.declared.tables import Table
from experiments.engine.plan import DONE, SHIPPED
from experiments.terminal.grouped import Group, Told, grouped
from experiments.terminal.suite import Suite

SHARED, OTHERS = "Data and image models", "Runs"
READY = (DONE, SHIPPED)


@dataclass(frozen=True)
class Section:
    """told: its stages in their order; above: its runs that an earlier section has."""

    title: str
    told: list[Told]
    above: list[str]


def sectioned(told: Iterable[Told], work: Suite, line: Callable[[Group], str]) -> list[str]:
    """The lines of all sections; line: prints a group of stages."""
    lines: list[str] = []
    for one in sections(list(told), work):
        lines += [one.title, *(f"  {line(group)}" for group in grouped(one.told))]
        if one.above:
            lines.append(f"  above: {', '.join(one.above)}")
    return lines


def sections(told: list[Told], work: Suite) -> list[Section]:
    """What no run has alone; the tables that are asked for; the other runs."""
    goals = {stage.key for stage in work.goals}
    shared = [one for one in told if one.stage.run is None]
    left = [one for one in told if one.stage.run is not None]
    ready = sum(one.word in READY for one in shared)
    found = [Section(f"{SHARED}: {ready} of {len(shared)} there", shared, [])] if shared else []
    shown: set[str] = set()
    for table in asked_tables(work):
        results = [one for one in left if one.stage.run in table.trained and one.stage.key in goals]
        own = [one for one in left if one.stage.run in table.trained and one.stage.run not in shown]
        above = [run for run in table.trained if run in shown]
        shown |= set(table.trained)
        if results:
            found.append(Section(f"{titled(table)}: {_done(results)}", own, above))
    if rest := [one for one in left if one.stage.run not in shown]:
        results = [one for one in rest if one.stage.key in goals]
        found.append(Section(f"{OTHERS}: {_done(results)}", rest, []))
    return found


def asked_tables(work: Suite) -> list[Table]:
    """Those among the targets, in the order of the targets."""
    everything = work.manifests.everything(work.profile)
    asked = [everything if target == "all" else [target] for target in work.targets]
    names = dict.fromkeys(name for some in asked for name in some)
    return [work.manifests.tables[name] for name in names if name in work.manifests.tables]


def titled(table: Table) -> str:
    """As "1a, Table 1(a), Effect of the two main components": the target, then what it is."""
    return ", ".join(dict.fromkeys(filter(None, (table.id, table.paper, table.title))))


def _done(results: list[Told]) -> str:
    done = sum(one.word == DONE for one in results)
    return f"{done} of {len(results)} results there"
