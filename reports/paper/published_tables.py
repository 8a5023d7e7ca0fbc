"""The paper's result tables as the table manifests declare them: rows with their published metrics,
and the claims that the text makes about them.

One YAML file a table, `experiments/manifests/tables/<id>.yaml`:

    table: 1a
    title: Effect of two main components
    paper: Table 1(a)
    rows:
      - {run: blendmask-r50, cells: {Backbone: ResNet50, DACR: "-"}, published: {AP: 33.8}}
    claims:
      - {name: DACR helps, better: blendmask-r50+dacr, than: blendmask-r50, metric: AP,
         published_gain: 1.4, section: "4.2", sentence: "Adding DACR results in ..."}
"""

from collections.abc import Collection
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from experiments import schema, tables
from experiments.yaml_check import load_yaml


@dataclass(frozen=True)
class Row:
    """cells: what the table's label columns say; published: metrics as printed, in percent."""

    run: str
    cells: dict[str, str]
    published: dict[str, float]
    baseline: str | None = None  # the run that its gain is counted from, if the manifest says so


@dataclass(frozen=True)
class Claim:
    """The paper's statement that run `better` exceeds run `than` by `published_gain` points."""

    name: str
    better: str
    than: str
    published_gain: float
    metric: str = "AP"
    section: str = ""
    sentence: str = ""


@dataclass(frozen=True)
class Table:
    """A table of the paper; `varies` names settings in which its rows differ on purpose."""

    id: str
    title: str
    paper: str  # what the paper calls it: "Table 1(a)"
    rows: tuple[Row, ...]
    claims: tuple[Claim, ...] = ()
    varies: tuple[str, ...] = ()

    @property
    def runs(self) -> list[str]:
        """Each run once, in the order of the rows."""
        return list(dict.fromkeys(row.run for row in self.rows))

    def baseline_of(self, row: Row) -> str | None:
        """The run that a row's gain is counted from, None for a row that is itself a baseline.

        It is the row's own `baseline`; else the run that the first claim about the row compares it
        with. A row that appears only as the `than` of claims is a baseline. Without any claim about
        it, a row is compared with the table's first row.
        """
        if row.baseline:
            return row.baseline
        compared = [claim.than for claim in self.claims if claim.better == row.run]
        if compared:
            return compared[0]
        if row.run == self.rows[0].run or any(claim.than == row.run for claim in self.claims):
            return None
        return self.rows[0].run


def load_table(path: Path, runs: Collection[str] | None = None) -> Table:
    """Reads one manifest, checked against the declared `runs`. Raises ManifestError, one line."""
    raw = tables.load_table(path, runs)
    rows = tuple(_row(row) for row in raw["rows"])
    claims = tuple(_claim(claim) for claim in raw["claims"])
    varies = tuple(raw.get("varies", ()))
    return Table(raw["table"], raw["title"], raw["paper"], rows, claims, varies)


def load_tables(manifests: Path) -> list[Table]:
    """Every table of `manifests`/tables, ordered by file name."""
    declared = manifests / "runs.yaml"
    runs = load_yaml(declared, schema.RUNS) if declared.is_file() else None
    return [load_table(path, runs) for path in sorted((manifests / "tables").glob("*.yaml"))]


def _row(raw: dict[str, Any]) -> Row:
    cells = {name: str(value) for name, value in raw["cells"].items()}
    published = {name: float(v) for name, v in raw["published"].items() if v is not None}
    return Row(str(raw["run"]), cells, published, raw.get("baseline"))


def _claim(raw: dict[str, Any]) -> Claim:
    known: dict[str, Any] = {field.name: raw[field.name] for field in fields(Claim)}
    known["section"] = str(raw["section"])
    return Claim(**known)
