"""Result tables as LaTeX, in the paper's layout with our columns beside the published ones."""

from reports.numbers import NOTHING
from reports.page.table_cells import TableCells, TableRow

SYMBOLS = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "✓": r"$\checkmark$", "–": "--", "−": "$-$", "±": r"$\pm$",
}  # fmt: skip


def latex_table(table: TableCells, profile: str) -> str:
    """A `table` environment; needs the packages booktabs and amssymb."""
    labels, metrics = table.labels, table.metrics
    ours = ["AP, paper", f"AP, {profile}", "gain, paper", f"gain, {profile}", *metrics]
    lines = [
        r"\begin{table}",
        rf"\caption{{{escaped(table.paper)}: {escaped(table.title)}. "
        rf"Measured columns: profile {escaped(profile)}.}}",
        rf"\begin{{tabular}}{{{'l' * len(labels)}{'r' * len(ours)}}}",
        r"\toprule",
        _row([*labels, *ours]),
        r"\midrule",
        *(_row(_cells(row)) for row in table.rows),
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
