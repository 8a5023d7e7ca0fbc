"""Table manifests: the rows of a published table and the claims its text makes.

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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments import schema, tables
from experiments.layout import TRIAL
from experiments.yaml_check import ManifestError, load_plain, load_yaml


@dataclass(frozen=True)
class Row:
    run: str
    cells: dict[str, str]
    published: dict[str, float]
    baseline: str | None = None


@dataclass(frozen=True)
class Claim:
    name: str
    better: str
    than: str
    published_gain: float
    metric: str = "AP"
    section: str = ""
    sentence: str = ""


@dataclass(frozen=True)
class Table:
    id: str
    title: str
    paper: str
    rows: tuple[Row, ...]
    claims: tuple[Claim, ...] = ()
    varies: tuple[str, ...] = ()  # settings of the profile that its rows differ in on purpose

    @property
    def runs(self) -> list[str]:
        """Each run once, in the order of the rows."""
        return list(dict.fromkeys(row.run for row in self.rows))

    def baseline_of(self, row: Row) -> str | None:
        """The run that a row's gain is counted from, None for a baseline row.

        It is the row's own `baseline`, or the run that its first claim compares it with. A run that
        claims only call the weaker side is a baseline. Without any claim it is the first row.
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


def load_about(manifests: Path, profile: str) -> str:
    """What a profile says of itself, empty where there is no profile manifest."""
    if profile.endswith(TRIAL):
        whole = profile.removesuffix(TRIAL)
        return (
            f"A trial of the profile {whole}: every run for real, on a few videos and for a few "
            "iterations, with untrained weights where there are no others."
        )
    return str(load_profile(manifests, profile).get("about", "")).strip()


def load_profile(manifests: Path, profile: str) -> dict[str, Any]:
    """A profile's manifest as it stands, {} where there is none. Raises ManifestError."""
    path = manifests / "profiles" / f"{profile}.yaml"
    if not path.is_file():
        return {}
    found = load_plain(path)
    if not isinstance(found, dict):
        raise ManifestError(f"{path}:1: a profile must be a mapping")
    return found


def _row(raw: dict) -> Row:
    cells = {name: str(value) for name, value in raw["cells"].items()}
    published = {name: float(v) for name, v in raw["published"].items() if v is not None}
    return Row(str(raw["run"]), cells, published, raw.get("baseline"))


def _claim(raw: dict) -> Claim:
    known = {name: raw[name] for name in Claim.__dataclass_fields__}
    return Claim(**known | {"section": str(raw["section"])})
