"""Result tables as LaTeX, in the paper's layout with our columns beside the published ones."""

from typing import Any

SYMBOLS = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "✓": r"$\checkmark$", "–": "--", "−": "$-$", "±": r"$\pm$",
}  # fmt: skip


def latex_table(table: dict[str, Any], profile: str) -> str:
    """A `table` environment (packages booktabs and amssymb) from what `view.table_view` gives."""
    labels, metrics = table["labels"], table["metrics"]
    ours = ["AP, paper", f"AP, {profile}", "gain, paper", f"gain, {profile}", *metrics]
    lines = [
        r"\begin{table}",
        rf"\caption{{{escaped(table['paper'])}: {escaped(table['title'])}. "
        rf"Measured columns: profile {escaped(profile)}.}}",
        rf"\begin{{tabular}}{{{'l' * len(labels)}{'r' * len(ours)}}}",
        r"\toprule",
        _row([*labels, *ours]),
        r"\midrule",
        *(_row(_cells(row)) for row in table["rows"]),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _cells(row: dict[str, Any]) -> list[str]:
    spread = f" ± {row['std']}" if row["std"] != "–" else ""
    gains = [row["published_gain"], row["gain"]]
    return [*row["cells"], row["published"], row["AP"] + spread, *gains, *row["metrics"]]


def _row(cells: list[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"


def escaped(text: str) -> str:
    """Text that LaTeX prints as it is."""
    return "".join(SYMBOLS.get(letter, letter) for letter in text)
