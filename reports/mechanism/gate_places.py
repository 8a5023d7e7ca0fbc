"""How far gates open at different places of a frame, as a table of a profile's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports.mechanism.aligning import mean, probes
from reports.numbers import number
from reports.records.run_record import Record
from tpr.probes.places import PLACES

KINDS = {
    "inner_reference": "inner gate of the reference, open",
    "inner_query": "inner gate of the query, open",
    "outer_gate": "outer gate, kept of the query",
}
VALUES = {"inner_reference": "open", "inner_query": "open", "outer_gate": "mean"}


@dataclass(frozen=True)
class GateRow:
    """cells: percent, one for each of PLACES."""

    run: str
    kind: str
    cells: list[str]


def gate_rows(runs: dict[str, list[Record]]) -> list[GateRow]:
    """A row for each of KINDS that a run's module has, means over seeds."""
    return [
        GateRow(run, title, [cell(records, kind, place) for place in PLACES])
        for run, records in runs.items()
        for kind, title in KINDS.items()
        if any(kind in gates for gates in gates_of(records))
    ]


def cell(records: Sequence[Record], kind: str, place: str) -> str:
    found = [gates[kind][place] for gates in gates_of(records) if kind in gates]
    share = mean(found, lambda one: one[VALUES[kind]])
    return number(None if share is None else 100 * share)


def gates_of(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Gates of each probe; empty for a module without gates."""
    return [one["gates"] or {} for one in probes(records)]
