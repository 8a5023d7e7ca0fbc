"""Rows of a published table that belong to other authors' methods: cited, never run."""

from dataclasses import dataclass

from experiments.declared.tables import Table
from reports.numbers import NOTHING, number
from reports.paper.transcription import Cells, Paper

NOTHING_RUNS = "none: cited only"
COLUMNS = ("AP", "AP50", "AP75", "AR1", "AR10", "FPS")


@dataclass(frozen=True)
class CitedRow:
    label: str
    numbers: list[str]  # as text, by COLUMNS
    in_its_place: str
    why: str


def cited_rows(paper: Paper, table: Table) -> list[CitedRow]:
    """The rows that no run of ours stands for; empty for a table without such rows."""
    rows = paper.rows(table.id) if table.id in paper.tables else {}
    said = {row: (one.in_its_place, one.why) for one in table.cited for row in one.rows}
    found: list[CitedRow] = []
    for name, row in rows.items():
        if "run" not in row:
            in_its_place, why = said.get(name, ("", ""))
            numbers = [_text(row, column) for column in COLUMNS]
            found.append(CitedRow(row["label"], numbers, in_its_place or NOTHING_RUNS, why))
    return found


def _text(row: Cells, name: str) -> str:
    """A number as printed; "< 2" where the paper gives an upper bound only."""
    if f"{name}_below" in row:
        return f"< {row[f'{name}_below']}"
    return number(float(row[name])) if name in row else NOTHING
