"""Gain against dose: the expected tables and sentences, from the records of dosed evaluations."""

from reports.verify.derived.dose_sentences import (
    ends,
    gain_contexts,
    loss_sentence,
    name_of,
    unused,
)
from reports.verify.derived.dosed_gains import Line, Losses, gain_lines, losses_of
from reports.verify.derived.dosed_records import dose_records, not_shipped
from reports.verify.derived.error_kinds import LOSSES
from reports.verify.derived.expected import Context, Expected, ExpectedTable, column
from reports.verify.derived.gain_statistics import Gain
from reports.verify.facts import Facts, Json, read_yaml
from reports.verify.words import gain

SECTION = ("Gain against dose",)
NOT_RUN = "not run"


def expect_doses(facts: Facts) -> Expected:
    declared = read_yaml(facts.root / "experiments" / "manifests" / "doses.yaml")
    grid: Json = declared.get(facts.profile) or {}
    if not grid:
        return Expected()
    records, left_out = dose_records(facts)
    base = str(grid["baseline"])
    lines, losses = gain_lines(grid, records), losses_of(grid, records, f"{base}+tpr")
    contexts: list[Context] = [unused(left_out, not_shipped(facts))]
    if any(line.is_known for line in lines):
        contexts += [*gain_contexts(base, lines), {"dose_losses": loss_sentence(base, losses)}]
        contexts += [{"dose_seeds": _seeds(lines, f"{base}+tpr")}]
    tables = [*_loss_tables(losses), *_gain_tables(lines)]
    said = [{name: text for name, text in one.items() if text} for one in contexts]
    return Expected(tables, [(SECTION[0], one) for one in said])


def _seeds(lines: list[Line], run: str) -> str:
    counts = sorted(g.seeds for line in lines if line.run == run for g in line.gains if g)
    if not counts:
        return ""
    if counts[-1] == 1:
        return "One seed: intervals are over videos alone."
    least = f"{counts[0]} to " if counts[0] < counts[-1] else ""
    alone = " Over one seed an interval is over videos alone." if counts[0] == 1 else ""
    return f"Means over {least}{counts[-1]} seeds.{alone}"


def _loss_tables(losses: list[Losses]) -> list[ExpectedTable]:
    if not losses:
        return []
    columns = [
        column("factor", [name_of(one.factor, one.trained) for one in losses]),
        column("dose", [f"{one.dose:g}" for one in losses]),
    ]
    columns += [
        column(words, [_cell(one.changes[kind]) for one in losses])
        for kind, words in LOSSES.items()
    ]
    return [ExpectedTable(SECTION, columns)]


def _gain_tables(lines: list[Line]) -> list[ExpectedTable]:
    """Of each factor that has any gain."""
    groups: dict[tuple[str, bool], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.factor, line.trained), []).append(line)
    return [_gain_table(some) for some in groups.values() if any(one.is_known for one in some)]


def _gain_table(lines: list[Line]) -> ExpectedTable:
    columns = [column("run", [line.run for line in lines])]
    columns += [
        column(f"at {dose:g}", [_cell(line.gains[place]) for line in lines])
        for place, dose in enumerate(lines[0].doses)
    ]
    columns += [
        column("slope", [_cell(line.slope, 2) for line in lines]),
        column("seeds", [_counts(line) for line in lines]),
    ]
    return ExpectedTable(SECTION, columns)


def _counts(line: Line) -> str:
    counts = [str(one.seeds if one else 0) for one in line.gains]
    return ", ".join(counts) if len({*counts}) > 1 else counts[0]


def _cell(one: Gain | None, digits: int = 1) -> str:
    return f"{gain(one.mean, digits)} {ends(one, digits)}".strip() if one else NOT_RUN
