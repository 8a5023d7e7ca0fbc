"""The tables as CSV and LaTeX files: every cell recomputed."""

import csv
import io
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from reports.verify.check import NO_SOURCE, Finding, check_table
from reports.verify.derived.claims import Judged, measure_of, wording
from reports.verify.derived.costing.of_runs import cost_line, speed_line, speed_lines, tidy_lines
from reports.verify.derived.costing.tables import PAGE_TABLES, STATES, cost_row, paper_costs
from reports.verify.derived.difficulty_tables import base_of, part_gains, parts_of
from reports.verify.derived.error_kinds import TRACKING
from reports.verify.derived.expected import Expected, ExpectedTable, column
from reports.verify.derived.outcomes import judged
from reports.verify.derived.result_tables import measured_gain, published_gain
from reports.verify.facts import METRICS, Facts, PaperTable, deviation, mean
from reports.verify.printed.document import Table
from reports.verify.prose import Sentence
from reports.verify.words import fixed, is_known

Line = dict[str, Any]
CAPTIONS = {
    "1f": "Table 1(f): parameters in M and multiply-accumulates in G, differences to the run over.",
    "speed": "Speed: frames per second, and ratios to the model without TPR.",
}
TEX = {
    r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^",
    r"$\checkmark$": "✓", r"$\pm$": "±", "$-$": "−", "--": "–", r"\&": "&", r"\%": "%",
    r"\$": "$", r"\#": "#", r"\_": "_", r"\{": "{", r"\}": "}",
}  # fmt: skip


def check_table_files(
    facts: Facts, expected: Expected, sentences: list[Sentence]
) -> Iterable[Finding]:
    folder = facts.root / "results" / facts.profile / "tables"
    wanted = {f"{table.id}.csv": _results(facts, table) for table in facts.tables}
    if facts.costs:
        names = {id: f"{id}-costs.csv" for id in PAGE_TABLES} | {"1f": "1f.csv"}
        wanted |= {name: _costs(facts, id) for id, name in names.items()}
    if facts.speed:
        wanted["speed.csv"] = speed_lines(facts)
    if claims := judged(facts):
        wanted["claims.csv"] = [_claim(facts, one) for one in claims]
    if parts_of(facts)[0]:
        wanted["difficulty.csv"] = _difficulty(facts)
    wanted["all.csv"] = tidy_lines(facts)
    for name, rows in wanted.items():
        yield from _check_csv(folder / name, rows)
    for path in sorted(folder.glob("*.tex")):
        if path.stem in CAPTIONS and f"{path.stem}.csv" in wanted:
            lines = wanted[f"{path.stem}.csv"]
            yield from _check_tex(path, CAPTIONS[path.stem], _as_expected(lines), sentences)
        elif table := next((one for one in facts.tables if one.id == path.stem), None):
            caption = f"{table.paper}: {table.title}. Measured columns: profile {facts.profile}."
            columns = next(one for one in expected.tables if one.sections == (table.paper,))
            yield from _check_tex(path, caption, columns, sentences)
        else:
            yield Finding(f"tables/{path.name}", "the file", "a table", "no such table is known")
    for path in sorted(folder.glob("*.csv")):
        if path.name not in wanted:
            yield Finding(f"tables/{path.name}", "the file", "a table", "no such table is known")


def _check_csv(path: Path, rows: list[Line]) -> Iterable[Finding]:
    file = f"tables/{path.name}"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    headings, *printed = [*csv.reader(io.StringIO(text))] or [[]]
    if len(printed) != len(rows):
        yield Finding(file, "rows", str(len(printed)), str(len(rows)))
    for heading in headings:
        if not any(heading in row for row in rows):
            yield Finding(file, "heading", heading, NO_SOURCE)
    for number, (cells, row) in enumerate(zip(printed, rows, strict=False), 1):
        place = f"row {number} ({cells[0]})"
        if len(cells) != len(headings):
            yield Finding(file, place, ",".join(cells), f"{len(headings)} cells")
        for heading, cell in zip(headings, cells, strict=False):
            wanted = _cell(row.get(heading))
            if cell != wanted:
                yield Finding(file, f"{place}, column {heading}", cell, wanted or "nothing")


def _cell(value: Any) -> str:
    """As data frames write it: rounded to six digits, empty where unknown."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return repr(float(np.round(value, 6))) if isinstance(value, float) else str(value)


def _results(facts: Facts, table: PaperTable) -> list[Line]:
    extra = dict.fromkeys(n for row in table.rows for n in row.published if n != "AP")
    return [
        {
            "run": row.run,
            **row.cells,
            **{name: facts.mean(row.run, name) for name in (*METRICS, *TRACKING)},
            "AP_std": deviation(facts.values(row.run)),
            "seeds": len(facts.values(row.run)),
            "seed_ids": " ".join(map(str, facts.records.get(row.run, {}))),
            "AP_bootstrap_se": facts.mean(row.run, "AP_bootstrap_se"),
            "published": _float(row.published.get("AP")),
            **{f"published_{name}": _float(row.published.get(name)) for name in extra},
            "gain": measured_gain(facts, row),
            "published_gain": float(published_gain(table, row)),
            "gain_over": row.baseline,
            "status": "run" if row.run in facts.records else "not run",
            **cost_line(facts, row.run),
        }
        for row in table.rows
    ]


def _claim(facts: Facts, one: Judged) -> Line:
    claim, found, p = one.claim, one.gain, one.corrected
    low, high = (found and found.bounds) or (None, None)
    published = claim.get("published_gain")
    return {
        "table": one.table.id,
        "claim": claim["name"],
        "better": claim["better"],
        "than": claim["than"],
        "metric": measure_of(claim),
        "published_gain": None if published is None else float(published),
        "expects": claim.get("expects", ""),
        "gain": found.mean if found else None,
        "low": low,
        "high": high,
        "se_seeds": found.seed_error if found else None,
        "se_videos": found.video_error if found else None,
        "p_none": p[0] if p else None,
        "p_half": p[1] if p else None,
        "seeds": len(one.gains),
        "outcome": wording(facts.profile, one.verdict),
    }


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _costs(facts: Facts, table: str) -> list[Line]:
    rows: list[Line] = []
    for row in facts.published[table]["rows"].values():
        known = {k.removeprefix("added_"): v for k, v in row.items()}
        ours = cost_row(facts, table, row)
        papers = {
            f"paper_{n}": _float(known.get(n)) for n in ("params", *paper_costs(facts, table))
        }
        line = {"row": row["label"], "run": row["run"], "over": ours["over"]}
        line |= {"paper_AP": _float(row["AP"]), "AP": facts.mean(row["run"]), **papers}
        if ours["is_known"]:
            names = [f"{kind}_{one}" for kind in ("published", "executed") for one in STATES]
            line |= {name: ours[name] for name in ("params", *names)}
        line["status"] = "measured" if ours["is_known"] else "not run"
        rows.append(line | (speed_line(facts, row["run"]) if table == "1f" else {}))
    return rows


def _difficulty(facts: Facts) -> list[Line]:
    parts, aps = parts_of(facts)
    rows: list[Line] = []
    for part, one in parts.items():
        for run, seeds in aps[part].items():
            defined = [value for value in seeds.values() if is_known(value)]
            base = base_of(run, aps[part])
            gaps = part_gains(aps[part], run, base) if base else []
            rows.append({
                "run": run, "grouping": part[0], "name": part[1], "size": one["size"],
                "low": _float(one.get("low")), "high": _float(one.get("high")),
                "AP": mean(defined), "AP_std": deviation(defined), "seeds": len(defined),
                "gain": mean(gaps), "gain_over": base,
            })  # fmt: skip
    return rows


def _as_expected(lines: list[Line]) -> ExpectedTable:
    """Columns as they stand in the file: text, and numbers with two digits."""
    names = dict.fromkeys(name for line in lines for name in line)
    return ExpectedTable(
        (), [column(name, [_shown(line.get(name)) for line in lines]) for name in names]
    )


def _shown(value: Any) -> str:
    return fixed(value, 2) if value is None or isinstance(value, float) else str(value)


def _check_tex(
    path: Path, title: str, wanted: ExpectedTable, sentences: list[Sentence]
) -> Iterable[Finding]:
    file = f"tables/{path.name}"
    lines = path.read_text(encoding="utf-8").splitlines()
    caption = rf"\caption{{{title}}}"
    for line in lines:
        if line.startswith(r"\caption") and _plain(line) != _plain(caption):
            yield Finding(file, "caption", line, caption)
        elif not line.startswith(r"\caption") and not line.endswith(r"\\") and any(
            letter.isdigit() for letter in line
        ):  # fmt: skip
            yield Finding(file, "a line", line, "a number without a source")
    rows = [
        [_plain(cell.strip()) for cell in line.removesuffix(r"\\").split(" & ")]
        for line in lines
        if line.endswith(r"\\")
    ]
    yield from check_table(file, Table("", rows[0] if rows else [], rows[1:]), wanted, sentences)


def _plain(text: str) -> str:
    for found, shown in TEX.items():
        text = text.replace(found, shown)
    return text
