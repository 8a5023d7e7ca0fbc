"""Rows of a published table that belong to other authors' methods: cited, never run."""

from dataclasses import dataclass

from reports.numbers import NOTHING, number
from reports.paper.transcription import Cells, Paper

COLUMNS = ("AP", "AP50", "AP75", "AR1", "AR10", "FPS")


@dataclass(frozen=True)
class CitedRow:
    label: str
    numbers: list[str]  # as text, by COLUMNS


def cited_rows(paper: Paper, table: str) -> list[CitedRow]:
    """The rows that no run of ours stands for; empty for a table without such rows."""
    rows = paper.rows(table) if table in paper.tables else {}
    return [
        CitedRow(row["label"], [_text(row, name) for name in COLUMNS])
        for row in rows.values()
        if "run" not in row
    ]


def _text(row: Cells, name: str) -> str:
    """A number as printed; "< 2" where the paper gives an upper bound only."""
    if f"{name}_below" in row:
        return f"< {row[f'{name}_below']}"
    return number(float(row[name])) if name in row else NOTHING
