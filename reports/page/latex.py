"""Result tables as LaTeX, in the paper's layout with our columns beside the published ones."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from typing import Any

import pandas as pd

from reports.frame_rows import frame_rows, is_missing
from reports.numbers import NOTHING, number
from reports.page.table_cells import TableCells, TableRow

SYMBOLS = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "✓": r"$\checkmark$", "–": "--", "−": "$-$", "±": r"$\pm$",
}  # fmt: skip


def latex_table(table: TableCells, profile: str, costs: pd.DataFrame) -> str:
    """A `table` environment; needs the packages booktabs and amssymb. costs: further columns of
    numbers, a row for each of the table's."""
    labels, metrics = table.labels, table.metrics
    ours = ["AP, paper", f"AP, {profile}", "gain, paper", f"gain, {profile}", *metrics]
    ours += map(str, costs.columns)
    numbers = [[number(cell, 2) for cell in row.values()] for row in frame_rows(costs)]
    rows = [_cells(row) + more for row, more in zip(table.rows, numbers, strict=True)]
    caption = f"{table.paper}: {table.title}. Measured columns: profile {profile}."
    return _environment(caption, "l" * len(labels) + "r" * len(ours), [*labels, *ours], rows)


def latex_frame(frame: pd.DataFrame, caption: str) -> str:
    """A frame's columns as they are, numbers with two digits."""
    rows = [[_text(cell) for cell in row.values()] for row in frame_rows(frame)]
    return _environment(caption, "l" * len(frame.columns), [*map(str, frame.columns)], rows)


def _text(cell: Any) -> str:
    if is_missing(cell):
        return NOTHING
    return number(cell, 2) if isinstance(cell, float) else str(cell)


def _environment(caption: str, align: str, headings: list[str], rows: list[list[str]]) -> str:
    lines = [
        r"\begin{table}",
        rf"\caption{{{escaped(caption)}}}",
        rf"\begin{{tabular}}{{{align}}}",
        r"\toprule",
        _row(headings),
        r"\midrule",
        *map(_row, rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _cells(row: TableRow) -> list[str]:
    spread = f" ± {row.std}" if row.std != NOTHING else ""
    return [*row.cells, row.published, row.AP + spread, row.published_gain, row.gain, *row.metrics]


def _row(cells: list[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"


def escaped(text: str) -> str:
    """Text that LaTeX prints as it is."""
    return "".join(SYMBOLS.get(letter, letter) for letter in text)
