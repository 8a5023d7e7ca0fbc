"""The paper's published numbers and sentences, as transcribed in reports/published/."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.declared.plain_yaml import load_plain

FOLDER = Path(__file__).parents[1] / "published"
WORDS = ("label", "run", "to")  # what a row holds besides numbers
Cells = dict[str, Any]  # of a row: WORDS, and its numbers by name


@dataclass(frozen=True)
class Paper:
    """tables: {table: {"title", "rows": {row: cells}}}; text: {name: {"quote", "section", ...}};
    ledger: what paper, release and this repository say of one item, [{"item", "paper", "release",
    "ours"}]."""

    tables: dict[str, dict[str, Any]]
    text: dict[str, Any]
    ledger: list[dict[str, str]]

    def row(self, table: str, row: str) -> Cells:
        return self.rows(table)[row]

    def value(self, table: str, row: str, name: str) -> float:
        """A number as printed. Raises KeyError for one that the paper does not give."""
        return float(self.row(table, row)[name])

    def rows(self, table: str) -> dict[str, Cells]:
        return self.tables[table]["rows"]

    def title(self, table: str) -> str:
        return self.tables[table]["title"]

    @property
    def repeated(self) -> list[dict[str, Any]]:
        """APs of equal trainings, as other authors report them: {"model", "runs", "source", "low",
        "high"} each."""
        return self.text["repeated"]

    def numbers(self) -> Iterator[tuple[str, str, str, float]]:
        """(table, row, name, value) of every number of the tables."""
        for table in self.tables:
            for row, cells in self.rows(table).items():
                for name, value in cells.items():
                    if name not in WORDS:
                        yield table, row, name, float(value)


def load_paper(folder: Path = FOLDER) -> Paper:
    """Reads tables.yaml, text.yaml and ledger.yaml. Raises ManifestError for a broken one."""
    return Paper(*(load_plain(folder / f"{name}.yaml") for name in ("tables", "text", "ledger")))
