"""The files that every printed number must follow from, read as they stand."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from reports.verify.words import is_known

METRICS = ("AP", "AP50", "AP75", "AR1", "AR10")
Json = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """One run at one seed, as committed."""

    path: Path
    raw: Json

    @property
    def run(self) -> str:
        return self.raw["run"]

    @property
    def seed(self) -> int:
        return self.raw["seed"]

    @property
    def name(self) -> str:
        return f"{self.run} seed {self.seed}"

    @property
    def metrics(self) -> Json:
        return self.raw["evaluate"]["metrics"]

    def value(self, metric: str) -> float:
        """In percent, NaN where undefined; of AP_<grouping>_high the AP of that part of videos."""
        found = self.metrics.get(metric)
        if metric.startswith("AP_") and metric.endswith("_high"):
            grouping = metric.removeprefix("AP_").removesuffix("_high")
            parts = self.metrics.get("difficulty", {}).get(grouping, [])
            found = {part["name"]: part["AP"] for part in parts}.get("high")
        return float("nan") if found is None else float(found)

    @property
    def seconds(self) -> float:
        return sum(self.raw[stage].get("seconds") or 0.0 for stage in ("train", "evaluate"))


@dataclass(frozen=True)
class Row:
    """A row of a table of the paper: what its manifest says."""

    run: str
    cells: dict[str, str]
    published: dict[str, float]
    baseline: str | None


@dataclass(frozen=True)
class PaperTable:
    """mechanism: whether its rows are asked how far they align; cited: what is said of
    rows of other authors' methods; levels: what runs are said to reach; by_name_only: not of
    profiles that name no tables."""

    id: str
    paper: str
    title: str
    rows: list[Row]
    claims: list[Json] = field(default_factory=list[Json])
    mechanism: bool = False
    cited: list[Json] = field(default_factory=list[Json])
    levels: list[Json] = field(default_factory=list[Json])
    by_name_only: bool = False


@dataclass(frozen=True, eq=False)
class Facts:
    """records: by run and seed; tables: in the order of their file names; published: the paper's
    tables as transcribed; costs, speed, footage: {} where nothing was measured."""

    root: Path
    profile: str
    records: dict[str, dict[int, Record]]
    tables: list[PaperTable]
    published: dict[str, Json]
    manifest: Json
    costs: Json
    speed: Json
    footage: Json
    known_footage: list[Json]

    def values(self, run: str, metric: str = "AP") -> list[float]:
        return [record.value(metric) for record in self.records.get(run, {}).values()]

    def mean(self, run: str, metric: str = "AP") -> float:
        return mean(self.values(run, metric))

    def gains(self, better: str, than: str, metric: str = "AP") -> dict[int, float]:
        """By seed, where both runs have it defined."""
        one, other = self.records.get(better, {}), self.records.get(than, {})
        gaps = {s: one[s].value(metric) - other[s].value(metric) for s in sorted({*one} & {*other})}
        return {seed: gap for seed, gap in gaps.items() if is_known(gap)}

    @cached_property
    def shown(self) -> list[Record]:
        """Every record of a run that some table shows, in the order of the tables' rows."""
        runs = dict.fromkeys(row.run for table in self.tables for row in table.rows)
        return [one for run in runs for one in self.records.get(run, {}).values()]

    @cached_property
    def shown_runs(self) -> list[str]:
        return list(dict.fromkeys(record.run for record in self.shown))

    @property
    def figures(self) -> Path:
        return self.root / "reports" / self.profile / "figures"


def mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def deviation(values: list[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def load_facts(root: Path, profile: str) -> Facts:
    """Raises ValueError for a file that cannot be read."""
    results, manifests = root / "results", root / "experiments" / "manifests"
    records: dict[str, dict[int, Record]] = {}
    for path in record_paths(results / profile, "records"):
        one = Record(path, read_json(path))
        records.setdefault(one.run, {})[one.seed] = one
    tables = [_table(read_yaml(path)) for path in sorted((manifests / "tables").glob("*.yaml"))]
    manifest = read_profile(manifests / "profiles" / f"{profile}.yaml")
    return Facts(
        root,
        profile,
        {run: dict(sorted(seeds.items())) for run, seeds in records.items()},
        _shown(tables, manifest.get("tables")),
        read_yaml(root / "reports" / "published" / "tables.yaml"),
        manifest,
        read_json(results / "full" / "costs.json"),
        read_json(results / "full" / "speed.json"),
        read_json(results / profile / "footage.json"),
        read_yaml(footage) if (footage := manifests / "footage.yaml").is_file() else [],
    )


def _shown(tables: list[PaperTable], named: list[str] | None) -> list[PaperTable]:
    """Of a profile that names tables these, and those that a claim of theirs looks up a control
    in."""
    if named is None:
        return [table for table in tables if not table.by_name_only]
    asked = {
        (claim["better"], claim["control"])
        for table in tables
        for claim in table.claims
        if table.id in named and claim.get("control")
    }
    pairs = {t.id: {(one["better"], one["than"]) for one in t.claims} for t in tables}
    return [table for table in tables if table.id in named or pairs[table.id] & asked]


def record_paths(folder: Path, kind: str) -> list[Path]:
    """Of a profile's folder and a kind the records that ship, as they were shipped; all of them
    where none do."""
    start = "" if kind == "records" else f"{kind}/"
    sums: Json = {
        name.removeprefix(start): sum
        for name, sum in read_json(folder / "shipped.json").items()
        if name.startswith(start) and "/" not in name.removeprefix(start)
    }
    paths = sorted((folder / kind).glob("*.json"))
    return [path for path in paths if not sums or sums.get(path.name) == digest(path)]


def _table(raw: Json) -> PaperTable:
    claims = [{"metric": "AP"} | claim for claim in raw.get("claims", [])]
    rows = [
        Row(
            one["run"],
            {name: str(cell) for name, cell in one.get("cells", {}).items()},
            {name: x for name, x in one.get("published", {}).items() if x is not None},
            _baseline(one, claims),
        )
        for one in raw["rows"]
    ]
    id = str(raw["table"])
    asked = bool(raw.get("mechanism"))
    return PaperTable(
        id,
        raw.get("paper", id),
        raw["title"],
        rows,
        claims,
        asked,
        raw.get("cited", []),
        raw.get("levels", []),
        bool(raw.get("by_name_only")),
    )


def _baseline(row: Json, claims: list[Json]) -> str | None:
    """What a row's gain is over: what it says itself, else what the first claim about it says."""
    compared = [one["than"] for one in claims if one["better"] == row["run"]]
    return row.get("baseline") or (compared[0] if compared else None)


def read_json(path: Path) -> Json:
    """{} where there is no file. Raises ValueError for a broken one."""
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read_yaml(path: Path) -> Any:
    """{} where there is no file."""
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}


def read_profile(path: Path) -> Json:
    """With what it extends."""
    found = read_yaml(path)
    base = found.pop("extends", None)
    return found if base is None else merged(read_profile(path.with_stem(base)), found)


def merged(base: Json, change: Json) -> Json:
    both = {k: merged(base[k], v) for k, v in change.items() if _are_mappings(base.get(k), v)}
    return base | change | both


def _are_mappings(one: Any, other: Any) -> bool:
    return isinstance(one, dict) and isinstance(other, dict)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def part(record: Json, name: str) -> Json:
    """A part of a record; empty where it has none."""
    return record.get(name) or {}
