"""What the page says: records, tables and claims as words and cells. No markup here."""

from collections import Counter
from typing import Any

import pandas as pd

from reports.claims.judging import ClaimResult
from reports.claims.verdicts import FULL, MISSING, is_meaningless, words
from reports.numbers import NOTHING, day, duration, machine, number, probability, short, signed
from reports.paper.published_tables import Table
from reports.records.run_record import METRICS, Record
from reports.statistics import kendall

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
        "warning": WARNING if is_meaningless(profile) else "",
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
    """How many claims came out how, in one sentence."""
    if is_meaningless(profile):
        return ""
    found = [result for result in claims if result.verdict.word != MISSING]
    if not found:
        return "No claim can be read yet: no pair of runs with a common seed has finished."
    counts = Counter(words(profile, result.verdict) for result in claims)
    parts = "; ".join(f"{count} {text}" for text, count in counts.most_common())
    scale = "" if profile == FULL else f", direction at {profile} scale"
    return f"{len(claims)} claims{scale}: {parts}."


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
        "order": order(frame),
        "problems": problems,
    }


def order(frame: pd.DataFrame) -> str:
    """How far the rows' order by AP agrees with the published one; empty for fewer than three."""
    both = frame[["published", "AP"]].dropna()
    found = kendall(both["published"].tolist(), both["AP"].tolist())
    if found is None:
        return ""
    tau, p = found
    return (
        f"Order of {len(both)} rows by AP against the published one: Kendall's τ {signed(tau, 2)} "
        f"(1: the same, −1: reversed; p {probability(p)})."
    )


def _table_row(row: dict[str, Any], labels: list[str]) -> dict[str, Any]:
    return {
        "run": row["run"],
        "cells": [_label(row.get(name)) for name in labels],
        "present": row["status"] == "run",
        "published": number(row["published"]),
        "AP": number(row["AP"]) if row["status"] == "run" else row["status"],
        "std": number(row["AP_std"]),
        "video_error": number(row["AP_bootstrap_se"]),
        "metrics": [number(row[name]) for name in METRICS[1:]],
        "published_gain": signed(row["published_gain"]),
        "gain": signed(row["gain"]),
        "seeds": row["seed_ids"].replace(" ", ", ").replace("-", " ") or NOTHING,
    }


def _label(value: Any) -> str:
    text = "" if pd.isna(value) else str(value)
    return NOTHING if text == "-" else text


def provenance_row(record: Record) -> dict[str, Any]:
    """Where a record's numbers come from."""
    git = record.evaluate.get("git") or {}
    return {
        "run": record.run,
        "seed": f"{record.seed} own" if record.own else str(record.seed),
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
