"""From records to tables: pure functions, and one that writes CSV files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.layout import ROOT, Layout
from reports.difficulty.ap_by_part import difficulty_frame, parts
from reports.paper.published_tables import Row, Table, load_tables
from reports.records.comparable import comparable
from reports.records.failed import Failed
from reports.records.pool import load_pool
from reports.records.run_record import METRICS, NAN, Record, by_run, paired_differences
from tpr.files import write_atomically

COLUMNS = {"run", "AP_std", "seeds", "seed_ids", "AP_bootstrap_se", "published", "gain"}
RESERVED = COLUMNS | set(METRICS) | {"gain_over", "published_gain", "status"}


def table_frame(table: Table, records: list[Record], failed: Sequence[Failed] = ()) -> pd.DataFrame:
    """The table, a row a run in the manifest's order; `records` must be comparable.

    Metrics are means over seeds, in percent. AP_std is their sample deviation (ddof 1), gain the
    mean paired difference to the run gain_over over the seeds that both have, AP_bootstrap_se
    the mean over seeds of the standard error over videos (seeds share the videos). NaN is unknown.
    status is "run", "failed" or "not run"; of a run with other seeds only seed_ids says "2-failed".
    """
    for name in [name for row in table.rows for name in row.cells if name in RESERVED]:
        where = getattr(name, "where", f"table {table.id}")
        raise ValueError(f"{where}: {str(name)!r} is a column of ours, not a label cell")
    published = {row.run: row.published for row in table.rows}
    seeds = {run: [one.seed for one in failed if one.run == run] for run in table.runs}
    rows = [_row(table, row, records, published, seeds[row.run]) for row in table.rows]
    return pd.DataFrame(rows).round(6)


def _row(
    table: Table,
    row: Row,
    records: list[Record],
    published: dict[str, dict],
    failed: list[int],
) -> dict:
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
        "seed_ids": _seed_ids(own, failed),
        "AP_bootstrap_se": _mean(own, "AP_bootstrap_se"),
        "published": known,
        **extra,
        "gain": float(np.mean(list(gaps.values()))) if gaps else NAN,
        "published_gain": known - theirs,
        "gain_over": baseline,
        "status": "run" if own else "failed" if failed else "not run",
    }


def _seed_ids(own: dict[int, Record], failed: list[int]) -> str:
    marks = dict.fromkeys(failed, "-failed")
    marks |= {seed: "-own" if record.own else "" for seed, record in own.items()}
    return " ".join(f"{seed}{marks[seed]}" for seed in sorted(marks))


def _extra_metrics(table: Table) -> list[str]:
    names = dict.fromkeys(name for row in table.rows for name in row.published)
    return [name for name in names if name != "AP"]


def _values(own: dict[int, Record], metric: str) -> list[float]:
    return [record.metric(metric) for record in own.values()]


def _mean(own: dict[int, Record], metric: str) -> float:
    return float(np.mean(_values(own, metric))) if own else NAN


def write_tables(profile: str, root: Path = ROOT) -> list[Path]:
    """Write results/<profile>/tables/<id>.csv for every table manifest; returns the paths.

    Where records know how hard their videos are, difficulty.csv has AP by run and part.
    """
    layout = Layout(profile, root)
    pool = load_pool(layout)
    frames, used = {}, {}
    for table in load_tables(layout.manifests):
        kept, _ = comparable(table, pool.shown)
        used |= {record.name: record for record in kept}
        frames[table.id] = table_frame(table, kept, pool.failed)
    found = parts(list(used.values()))
    if found:
        frames["difficulty"] = difficulty_frame(found)
    texts = {id: one.to_csv(index=False, lineterminator="\n") for id, one in frames.items()}
    return [write_atomically(layout.tables / f"{id}.csv", text) for id, text in texts.items()]
