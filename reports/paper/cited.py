"""Rows of a published table that belong to other authors' methods: cited, never run."""

from typing import Any

from reports.numbers import NOTHING, number
from reports.paper.transcription import Paper

COLUMNS = ("AP", "AP50", "AP75", "AR1", "AR10", "FPS")


def cited_rows(paper: Paper, table: str) -> list[dict[str, Any]]:
    """Label and numbers as text of every row without a run of ours; empty for a table without."""
    rows = paper.rows(table) if table in paper.tables else {}
    return [
        {"label": row["label"], "numbers": [_text(row, name) for name in COLUMNS]}
        for row in rows.values()
        if "run" not in row
    ]


def _text(row: dict[str, Any], name: str) -> str:
    """A number as printed; "< 2" where the paper gives a bound."""
    if f"{name}_below" in row:
        return f"< {row[f'{name}_below']}"
    return number(float(row[name])) if name in row else NOTHING
