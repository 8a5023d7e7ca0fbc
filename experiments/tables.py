"""Table manifests, checked: every name that a row or a claim uses must be declared."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from . import schema
from .yaml_check import ManifestError, check_name, load_yaml

Table = dict[str, Any]
ROW = {"cells": {}, "published": {}}
CLAIM = {"metric": "AP", "section": "", "sentence": ""}


def load_table(path: Path, runs: Collection[str] | None) -> Table:
    """Reads a table; what may be left out gets its default. Raises ManifestError.

    runs: the declared ones; None where none are declared, so that any name will do.
    """
    table = load_yaml(path, schema.TABLE)
    table["table"] = str(table["table"])
    if table["table"] != path.stem:
        raise ManifestError(f"{path}: table {table['table']!r} must stand in {table['table']}.yaml")
    table["rows"] = [ROW | row for row in table["rows"]]
    table["claims"] = [CLAIM | claim for claim in table.get("claims", [])]
    table.setdefault("paper", table["table"])
    for name in table.get("varies", []):
        check_name(name, schema.PROFILE_WIDE, "setting")
    check_rows(table, runs)
    check_claims(table)
    check_baselines(table)
    return table


def check_rows(table: Table, runs: Collection[str] | None) -> None:
    seen: set[str] = set()
    for row in table["rows"]:
        if runs is not None:
            check_name(row["run"], runs, "run")
        if row["run"] in seen:
            raise ManifestError(f"{row['run'].where}: run {str(row['run'])!r} has two rows")
        seen.add(row["run"])
    check_columns(table)
    for name in [row["baseline"] for row in table["rows"] if "baseline" in row]:
        check_name(name, seen, "row")


def check_columns(table: Table) -> None:
    """Every row has a cell in each column."""
    columns = list(dict.fromkeys(name for row in table["rows"] for name in row["cells"]))
    for row in table["rows"]:
        missing = [name for name in columns if name not in row["cells"]]
        if missing:
            known = ", ".join(missing)
            raise ManifestError(f"{row['run'].where}: row {str(row['run'])!r} lacks {known}")


def check_claims(table: Table) -> None:
    rows = [row["run"] for row in table["rows"]]
    for claim in table["claims"]:
        for name in (claim["better"], claim["than"]):
            check_name(name, rows, "row")
        check_name(claim["metric"], schema.METRICS, "metric")
        if claim["published_gain"] == 0:
            what = f"claim {str(claim['name'])!r}"
            raise ManifestError(
                f"{claim['name'].where}: {what}: published_gain is 0, a claim needs a side"
            )


def check_baselines(table: Table) -> None:
    """No row's gain may be counted from a row whose own gain is counted from it."""
    below = {claim["better"]: claim["than"] for claim in reversed(table["claims"])}
    below |= {row["run"]: row["baseline"] for row in table["rows"] if "baseline" in row}
    for row in below:
        chain = [row]
        while chain[-1] in below:
            chain.append(below[chain[-1]])
            if chain[-1] in chain[:-1]:
                circle = " -> ".join(map(str, chain))
                raise ManifestError(f"{chain[1].where}: baselines go round in a circle: {circle}")
