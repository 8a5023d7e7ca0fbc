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

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from experiments.layout import TRIAL


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


def load_table(path: Path) -> Table:
    """Read one manifest; ValueError names the file and what is wrong in it."""
    try:
        raw = yaml.safe_load(path.read_text())
        rows = tuple(_row(row) for row in raw["rows"])
        claims = tuple(_claim(claim) for claim in raw.get("claims") or ())
        table = str(raw["table"])
        paper, varies = str(raw.get("paper", table)), tuple(raw.get("varies") or ())
        return Table(table, str(raw["title"]), paper, rows, claims, varies)
    except (KeyError, TypeError, ValueError, AttributeError, yaml.YAMLError) as error:
        raise ValueError(
            f"{path}: not a table manifest ({type(error).__name__}: {error})"
        ) from error


def load_tables(manifests: Path) -> list[Table]:
    """Every table of `manifests`/tables, ordered by file name."""
    return [load_table(path) for path in sorted((manifests / "tables").glob("*.yaml"))]


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
    """A profile's manifest as it stands, {} where there is none. ValueError names the file."""
    path = manifests / "profiles" / f"{profile}.yaml"
    if not path.is_file():
        return {}
    try:
        return dict(yaml.safe_load(path.read_text()))
    except (ValueError, TypeError, yaml.YAMLError) as error:
        raise ValueError(f"{path}: not a profile manifest ({error})") from error


def _row(raw: dict) -> Row:
    cells = {str(name): str(value) for name, value in (raw.get("cells") or {}).items()}
    published = {
        name: float(v) for name, v in (raw.get("published") or {}).items() if v is not None
    }
    return Row(str(raw["run"]), cells, published, raw.get("baseline"))


def _claim(raw: dict) -> Claim:
    known = {name: raw[name] for name in Claim.__dataclass_fields__ if name in raw}
    known["published_gain"] = float(raw["published_gain"])
    if known["published_gain"] == 0:
        raise ValueError(f"claim {raw['name']!r}: published_gain is 0, a claim needs a side")
    known["section"] = str(raw.get("section", ""))
    return Claim(**known)
