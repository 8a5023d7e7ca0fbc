"""From records to tables: pure functions, and one that writes CSV files.

A record file is `results/<profile>/records/<run>-seed<k>.json`; see `Record`. Records of one table
must share data and evaluation, and the seeds of one run their specification: what differs is left
out and named, never averaged in.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reports.layout import ROOT, Layout, write_atomically
from reports.manifest import Row, Table, load_tables

NAN = float("nan")
METRICS = ("AP", "AP50", "AP75", "AR1", "AR10")
COLUMNS = {"run", "AP_std", "seeds", "seed_ids", "AP_bootstrap_se", "published", "gain"}
RESERVED = COLUMNS | set(METRICS) | {"gain_over", "published_gain", "status"}


@dataclass(frozen=True)
class Record:
    """One run at one seed: its evaluation and the stages that led to it (dicts, record.json)."""

    run: str
    seed: int
    profile: str
    evaluate: dict[str, Any]
    train: dict[str, Any]
    pretrain: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.run} seed {self.seed}"

    def metric(self, name: str) -> float:
        """A metric of the evaluation, in percent; NaN when undefined."""
        value = self.evaluate["metrics"].get(name)
        return NAN if value is None else float(value)


def load_records(folder: Path, profile: str) -> tuple[list[Record], list[str]]:
    """The usable records of a folder by run and seed, and a line for each unusable file."""
    records, problems = {}, []
    for path in sorted(folder.glob("*.json")):
        try:
            record = _parse(json.loads(path.read_text()), profile)
            if (record.run, record.seed) in records:
                raise ValueError(f"a second record of {record.name}")
            records[record.run, record.seed] = record
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            reason = f"lacks {error}" if isinstance(error, KeyError) else error
            problems.append(f"{path.name} is not used: {reason}")
    return [records[key] for key in sorted(records)], problems


def _parse(raw: dict, profile: str) -> Record:
    stages = (raw["evaluate"], raw.get("train") or {}, raw.get("pretrain") or {})
    record = Record(str(raw["run"]), int(raw["seed"]), str(raw["profile"]), *stages)
    if record.profile != profile:
        raise ValueError(f"it belongs to profile {record.profile}, not {profile}")
    for name in METRICS:
        record.metric(name)
    return record


def comparable(table: Table, records: list[Record]) -> tuple[list[Record], list[str]]:
    """Records of a table's runs that may stand side by side, and a line for each left out.

    The largest group of records with the same data and evaluation stays (of equals the latest);
    within each run, the largest group of seeds with the same specification. Ordered as the rows.
    """
    wanted = [record for record in records if record.run in table.runs]
    kept, problems = _largest_group(wanted, shared_identity)
    ordered = []
    for run in table.runs:
        same, more = _largest_group([r for r in kept if r.run == run], run_identity)
        ordered += same
        problems += more
    return ordered, problems


def shared_identity(record: Record) -> dict[str, str]:
    """What all records of one table must have in common, by name."""
    identity = {
        "dataset fingerprint": record.evaluate.get("dataset"),
        "video key": record.evaluate.get("inputs", {}).get("videos"),
        "version of evaluate": record.evaluate.get("stage_version"),
        "version of train": record.train.get("stage_version"),
        "training settings": record.train.get("spec", {}).get("train"),
        "evaluation settings": _without(record.evaluate.get("spec", {}), "model", "seed", "run"),
    }
    return {name: json.dumps(value, sort_keys=True) for name, value in identity.items()}


def run_identity(record: Record) -> dict[str, str]:
    """What the seeds of one run must have in common, by name."""
    identity = {
        "specification of train": _without(record.train.get("spec", {}), "seed"),
        "specification of evaluate": _without(record.evaluate.get("spec", {}), "seed"),
        "pretrained weights": record.train.get("inputs", {}).get("pretrain"),
    }
    return {name: json.dumps(value, sort_keys=True) for name, value in identity.items()}


def _without(spec: dict, *names: str) -> dict:
    return {name: value for name, value in spec.items() if name not in names}


def _largest_group(
    records: list[Record], identity: Callable[[Record], dict[str, str]]
) -> tuple[list[Record], list[str]]:
    groups: dict[tuple, list[Record]] = {}
    for record in records:
        groups.setdefault(tuple(identity(record).items()), []).append(record)
    if len(groups) < 2:
        return records, []
    chosen = max(groups, key=lambda key: (len(groups[key]), _latest(groups[key])))
    others = [record for record in records if record not in groups[chosen]]
    return groups[chosen], [_difference(r, dict(chosen), identity(r)) for r in others]


def _latest(records: list[Record]) -> str:
    return max(str(record.evaluate.get("finished", "")) for record in records)


def _difference(record: Record, expected: dict[str, str], found: dict[str, str]) -> str:
    different = [name for name in expected if expected[name] != found[name]]
    values = ""
    if different[0] == "dataset fingerprint":
        here, elsewhere = (json.loads(side[different[0]]) for side in (found, expected))
        values = f" ({str(here)[:12]}, elsewhere {str(elsewhere)[:12]})"
    word = "other" if different[0].endswith("s") else "another"
    return f"{record.name} is left out: {word} {different[0]}{values} than the rest; run it again"


def by_run(records: list[Record]) -> dict[str, dict[int, Record]]:
    """{run: {seed: record}}."""
    grouped: dict[str, dict[int, Record]] = {}
    for record in records:
        grouped.setdefault(record.run, {})[record.seed] = record
    return grouped


def paired_differences(
    records: list[Record], better: str, than: str, metric: str = "AP"
) -> dict[int, float]:
    """{seed: metric of `better` minus metric of `than`} over the seeds that both runs have."""
    runs = by_run(records)
    first, second = runs.get(better, {}), runs.get(than, {})
    shared = sorted(first.keys() & second.keys())
    gaps = {seed: first[seed].metric(metric) - second[seed].metric(metric) for seed in shared}
    return {seed: gap for seed, gap in gaps.items() if np.isfinite(gap)}


def table_frame(table: Table, records: list[Record]) -> pd.DataFrame:
    """The table, a row a run in the manifest's order; `records` must be comparable.

    Metrics are means over seeds, in percent. AP_std is their sample deviation (ddof 1), gain the
    mean paired difference to the run gain_over over the seeds that both have, AP_bootstrap_se
    the mean over seeds of the standard error over videos (seeds share the videos). NaN is unknown.
    """
    clash = {name for row in table.rows for name in row.cells} & RESERVED
    if clash:
        raise ValueError(f"table {table.id}: {sorted(clash)} are columns of ours, not label cells")
    published = {row.run: row.published for row in table.rows}
    return pd.DataFrame([_row(table, row, records, published) for row in table.rows]).round(6)


def _row(table: Table, row: Row, records: list[Record], published: dict[str, dict]) -> dict:
    own = by_run(records).get(row.run, {})
    baseline = table.baseline_of(row)
    gaps = paired_differences(records, row.run, baseline) if baseline else {}
    theirs = published.get(baseline, {}).get("AP", NAN)
    known = row.published.get("AP", NAN)
    extra = {f"published_{name}": row.published.get(name, NAN) for name in _extra_metrics(table)}
    return {
        "run": row.run,
        **row.cells,
        **{name: _mean(own, name) for name in METRICS},
        "AP_std": float(np.std(_values(own, "AP"), ddof=1)) if len(own) > 1 else NAN,
        "seeds": len(own),
        "seed_ids": " ".join(str(seed) for seed in sorted(own)),
        "AP_bootstrap_se": _mean(own, "AP_bootstrap_se"),
        "published": known,
        **extra,
        "gain": float(np.mean(list(gaps.values()))) if gaps else NAN,
        "published_gain": known - theirs,
        "gain_over": baseline,
        "status": "run" if own else "not run",
    }


def _extra_metrics(table: Table) -> list[str]:
    names = dict.fromkeys(name for row in table.rows for name in row.published)
    return [name for name in names if name != "AP"]


def _values(own: dict[int, Record], metric: str) -> list[float]:
    return [record.metric(metric) for record in own.values()]


def _mean(own: dict[int, Record], metric: str) -> float:
    return float(np.mean(_values(own, metric))) if own else NAN


def seed_frame(records: list[Record]) -> pd.DataFrame:
    """Every record's metrics, a row a run and seed."""
    names = (*METRICS, "AP_bootstrap_se")
    rows = [
        {"run": r.run, "seed": r.seed} | {name: r.metric(name) for name in names} for r in records
    ]
    return pd.DataFrame(rows, columns=["run", "seed", *names])


def write_tables(profile: str, root: Path = ROOT) -> list[Path]:
    """Write results/<profile>/tables/<id>.csv for every table manifest; returns the paths."""
    layout = Layout(profile, root)
    records, _ = load_records(layout.records, profile)
    paths = []
    for table in load_tables(layout.manifests):
        kept, _ = comparable(table, records)
        text = table_frame(table, kept).to_csv(index=False, lineterminator="\n")
        paths.append(write_atomically(layout.tables / f"{table.id}.csv", text))
    return paths
