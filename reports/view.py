"""What the page says: records, tables and claims as words and cells. No markup here."""

from collections import Counter
from typing import Any

import pandas as pd

from reports.claims import MISSING, OPEN, OPPOSITE, SAME, ClaimResult, wording
from reports.manifest import Table
from reports.numbers import NOTHING, day, duration, machine, number, short, signed
from reports.records import METRICS, Record

MEANINGLESS = "smoke"
WARNING = "The numbers on this page are meaningless."


def headline(
    profile: str,
    about: str,
    tables: list[Table],
    records: list[Record],
    claims: list[ClaimResult],
) -> dict[str, Any]:
    """The page's opening: what the profile is (`about`), how much of it has run, what came out."""
    runs = list(dict.fromkeys(run for table in tables for run in table.runs))
    present = {record.run for record in records}
    done = [run for run in runs if run in present]
    return {
        "title": f"TPR reproduction: profile {profile}",
        "stem": about,
        "warning": WARNING if profile == MEANINGLESS else "",
        "facts": [
            ("runs with results", f"{len(done)} of {len(runs)}"),
            ("seeds", _seeds(records)),
            (
                "validation videos",
                _unique(r.evaluate["metrics"].get("videos") for r in records),
            ),
            ("training and evaluation", duration(total_seconds(records))),
        ],
        "sentence": _outcome(profile, claims),
    }


def _seeds(records: list[Record]) -> str:
    counts = Counter(Counter(record.run for record in records).values())
    if not counts:
        return NOTHING
    low, high = min(counts), max(counts)
    return f"{low} a run" if low == high else f"{low} to {high} a run"


def _unique(values: Any) -> str:
    found = sorted({str(value) for value in values if value is not None})
    return ", ".join(found) or NOTHING


def total_seconds(records: list[Record]) -> float | None:
    """Sum over the training and evaluation of every record; pretraining is shared and not in it."""
    stages = [stage for r in records for stage in (r.train, r.evaluate)]
    seconds = [float(stage["seconds"]) for stage in stages if stage.get("seconds") is not None]
    return sum(seconds) if seconds else None


def _outcome(profile: str, claims: list[ClaimResult]) -> str:
    if profile == MEANINGLESS:
        return ""
    counts = Counter(result.direction for result in claims)
    if not claims or counts[MISSING] == len(claims):
        return "No claim can be read yet: no pair of runs with a common seed has finished."
    words = {
        SAME: "point the way the paper says",
        OPPOSITE: "point the other way",
        OPEN: "are not resolved",
        MISSING: "have not run",
    }
    parts = [f"{counts[kind]} {text}" for kind, text in words.items() if counts[kind]]
    return f"Of {len(claims)} claims, at {profile} scale: {'; '.join(parts)}."


def claim_row(profile: str, result: ClaimResult, reach: float) -> dict[str, Any]:
    """One line of the claim table; `reach` is the largest absolute gain of the interval strip."""
    claim, interval = result.claim, result.interval
    bounds = (interval.low, interval.high) if interval and interval.low is not None else None
    return {
        "name": claim.name,
        "where": ", ".join(part for part in (result.table.paper, _section(claim.section)) if part),
        "sentence": claim.sentence,
        "metric": claim.metric,
        "better": claim.better,
        "than": claim.than,
        "published": signed(claim.published_gain),
        "measured": signed(interval.mean if interval else None),
        "bounds": f"{signed(bounds[0])} to {signed(bounds[1])}" if bounds else "no interval",
        "seeds": [f"{signed(gap)} (seed {seed})" for seed, gap in result.differences.items()],
        "videos": " / ".join(number(error) for error in result.video_errors),
        "outcome": wording(profile, result),
        "kind": result.direction.replace(" ", "-") if profile != MEANINGLESS else "meaningless",
        "strip": _strip(result, bounds, reach),
    }


def strip_reach(results: list[ClaimResult]) -> float:
    """Half-width of the interval strips, common to all claims of a page."""
    values = [0.5]
    for result in results:
        values.append(abs(result.claim.published_gain))
        values += [abs(gap) for gap in result.differences.values()]
        if result.interval and result.interval.low is not None:
            values += [abs(result.interval.low), abs(result.interval.high)]
    return max(values)


def _strip(result: ClaimResult, bounds: tuple | None, reach: float) -> dict[str, Any]:
    """Positions in percent of a strip from -reach to +reach."""

    def place(value: float) -> float:
        return round(50 + 48 * value / reach, 2)

    return {
        "published": place(result.claim.published_gain),
        "mean": place(result.interval.mean) if result.interval else None,
        "bounds": [place(bound) for bound in bounds] if bounds else None,
        "seeds": [place(gap) for gap in result.differences.values()],
    }


def _section(section: str) -> str:
    return f"§{section}" if section else ""


def table_view(table: Table, frame: pd.DataFrame, problems: list[str]) -> dict[str, Any]:
    """A results table: label cells, then published and measured columns, all as text."""
    labels = list(dict.fromkeys(name for row in table.rows for name in row.cells))
    rows = [_table_row(row, labels) for row in frame.to_dict("records")]
    return {
        "id": table.id,
        "paper": table.paper,
        "title": table.title,
        "labels": labels,
        "metrics": list(METRICS[1:]),
        "rows": rows,
        "problems": problems,
    }


def _table_row(row: dict[str, Any], labels: list[str]) -> dict[str, Any]:
    return {
        "run": row["run"],
        "cells": [_label(row.get(name)) for name in labels],
        "present": row["status"] == "run",
        "published": number(row["published"]),
        "AP": number(row["AP"]),
        "std": number(row["AP_std"]),
        "video_error": number(row["AP_bootstrap_se"]),
        "metrics": [number(row[name]) for name in METRICS[1:]],
        "published_gain": signed(row["published_gain"]),
        "gain": signed(row["gain"]),
        "seeds": row["seed_ids"].replace(" ", ", ") or NOTHING,
    }


def _label(value: Any) -> str:
    text = "" if pd.isna(value) else str(value)
    return NOTHING if text == "-" else text


def provenance_row(record: Record) -> dict[str, Any]:
    """Where a record's numbers come from."""
    git = record.evaluate.get("git") or {}
    return {
        "run": record.run,
        "seed": record.seed,
        "AP": [number(record.metric(name)) for name in METRICS],
        "evaluate": short(record.evaluate.get("key")),
        "train": short(record.train.get("key")),
        "pretrain": short(record.pretrain.get("key")),
        "shipped": bool(record.pretrain) and "stage" not in record.pretrain,
        "commit": short(git.get("commit"))[:9],
        "dirty": bool(git.get("dirty")),
        "seconds": duration(total_seconds([record])),
        "finished": day(record.evaluate.get("finished")),
        "machine": machine(record.evaluate.get("hardware")),
        "dataset": short(record.evaluate.get("dataset")),
    }


def machines(records: list[Record]) -> list[tuple[str, int]]:
    """Machines with the number of records that each made, most first."""
    return Counter(machine(record.evaluate.get("hardware")) for record in records).most_common()


def package_sets(records: list[Record]) -> list[dict[str, Any]]:
    """Distinct sets of package versions, each with the records that it made."""
    sets: dict[tuple, list[str]] = {}
    for record in records:
        packages = record.evaluate.get("packages") or {}
        sets.setdefault(tuple(sorted(packages.items())), []).append(record.name)
    return [{"packages": list(packages), "records": names} for packages, names in sets.items()]
