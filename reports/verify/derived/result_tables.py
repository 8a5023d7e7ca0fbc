"""Tables of the paper with our measurements: expected cells, and the sentences beside them."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from collections.abc import Iterable

import numpy as np
from scipy import stats

from reports.verify.derived.costing.of_runs import cost_line
from reports.verify.derived.expected import Column, Context, Expected, ExpectedTable, column
from reports.verify.derived.mechanism import is_blind, motion_cells
from reports.verify.facts import METRICS, Facts, Json, PaperTable, Row, deviation, mean, part
from reports.verify.words import DASH, chance, fixed, gain, is_known

CITED = ("AP", "AP50", "AP75", "AR1", "AR10", "FPS")


def expect_results(facts: Facts) -> Expected:
    found = Expected()
    for table in facts.tables:
        found.tables.append(_results(facts, table))
        found.tables += _cited(facts, table)
        found.contexts += [(table.paper, one) for one in _contexts(facts, table)]
    found.tables += _categories(facts)
    return found


def _results(facts: Facts, table: PaperTable) -> ExpectedTable:
    rows, profile = table.rows, facts.profile
    labels = list(dict.fromkeys(name for row in rows for name in row.cells))
    return ExpectedTable(
        (table.paper,),
        [
            *(column(name, [_label(facts, table, row, name) for row in rows]) for name in labels),
            column(("AP paper", "AP, paper"), [fixed(row.published.get("AP")) for row in rows]),
            column((f"AP {profile}", f"AP, {profile}"), [_measured(facts, row) for row in rows]),
            column(("gain, points paper", "gain, paper"),
                   [gain(published_gain(table, row)) for row in rows]),
            column((f"gain, points {profile}", f"gain, {profile}"),
                   [gain(measured_gain(facts, row)) for row in rows]),
            column("gain, points over", [row.baseline or DASH for row in rows]),
            *(column(name, [fixed(facts.mean(row.run, name)) for row in rows])
              for name in METRICS[1:]),
            *_costs(facts, rows),
            *(_motion(facts, rows) if table.mechanism else []),
            column("s.e. over videos",
                   [fixed(facts.mean(row.run, "AP_bootstrap_se")) for row in rows]),
            column("seeds",
                   [", ".join(map(str, facts.records.get(row.run, {}))) or DASH for row in rows]),
            column("run", [row.run for row in rows]),
        ],
    )  # fmt: skip


def _label(facts: Facts, table: PaperTable, row: Row, name: str) -> str:
    """A cell that says what a row is; the first one also, of a flow network, that it sees none."""
    text = DASH if row.cells[name] == "-" else row.cells[name]
    is_first = name == next(iter(row.cells))
    blind = is_first and table.mechanism and is_blind(facts, row.run)
    return f"{text} (sees no motion here)" if blind else text


def _motion(facts: Facts, rows: list[Row]) -> list[Column]:
    """Where modules look, in tables that ask for it."""
    names = ("motion error (not looking)", "motion correlation")
    cells = zip(*(motion_cells(facts, row.run) for row in rows), strict=True)
    return [column(name, [*texts]) for name, texts in zip(names, cells, strict=True)]


def _costs(facts: Facts, rows: list[Row]) -> list[Column]:
    """Of the LaTeX files."""
    lines = [cost_line(facts, row.run) for row in rows]
    return [column(name, [fixed(one[name], 2) for one in lines]) for name in lines[0]]


def _measured(facts: Facts, row: Row) -> str:
    aps = facts.values(row.run)
    spread = deviation(aps)
    return (fixed(mean(aps)) if aps else "not run") + (
        f" ± {fixed(spread)}" if is_known(spread) else ""
    )


def published_gain(table: PaperTable, row: Row) -> float:
    known = {one.run: one.published.get("AP", np.nan) for one in table.rows}
    return known[row.run] - known.get(row.baseline or "", np.nan)


def measured_gain(facts: Facts, row: Row) -> float:
    return mean([*facts.gains(row.run, row.baseline).values()]) if row.baseline else float("nan")


def _cited(facts: Facts, table: PaperTable) -> list[ExpectedTable]:
    """Rows of other authors' methods."""
    rows = facts.published.get(table.id, {}).get("rows", {})
    named = [name for name, row in rows.items() if "run" not in row]
    cited = [rows[name] for name in named]
    said: dict[str, Json] = {name: one for one in table.cited for name in one["rows"]}
    words = [said.get(name, {}) for name in named]
    columns = [
        column(name, [
            f"< {row[f'{name}_below']}" if f"{name}_below" in row else fixed(row.get(name))
            for row in cited
        ])
        for name in CITED
    ]  # fmt: skip
    labels = column("method", [row["label"] for row in cited])
    columns += [
        column("in its place", [one.get("in_its_place", "none: cited only") for one in words]),
        column("how it differs, or what it would take", [one.get("why", "") for one in words]),
    ]
    return [ExpectedTable((table.paper,), [labels, *columns])] if cited else []


def _contexts(facts: Facts, table: PaperTable) -> list[Context]:
    context = {
        "table_id": table.id,
        "table_paper": table.paper,
        "table_title": table.title,
        "means": ", ".join(
            f"{run} {facts.mean(run):.1f}"
            for run in dict.fromkeys(row.run for row in table.rows)
            if run in facts.records
        ),
    }
    pairs = [(row.published.get("AP"), facts.mean(row.run)) for row in table.rows]
    both = [pair for pair in pairs if all(map(is_known, pair))]
    if len(both) > 2:
        tau, p = map(float, stats.kendalltau(*zip(*both, strict=True)))
        context |= {"ordered_rows": str(len(both)), "tau": gain(tau, 2), "tau_p": chance(p)}
    return [context, *_last_losses(facts, table)]


def _last_losses(facts: Facts, table: PaperTable) -> list[Context]:
    """Those of the training curves: the heads' losses at the end, smoothed over a twentieth of the
    points, means over seeds that recorded them."""
    shown: list[str] = []
    kept = trainings = 0
    for run in dict.fromkeys(row.run for row in table.rows):
        records = facts.records.get(run, {}).values()
        curves = [record.raw["train"]["metrics"].get("curve") for record in records]
        ends = [_smoothed_end(curve) for curve in curves if curve]
        shown += [f"{run} {mean(ends):.2f}"] if ends else []
        kept, trainings = kept + len(ends), trainings + len(curves)
    counts = {"curves_kept": str(kept), "curves_of": str(trainings)}
    return [{"losses": ", ".join(shown)} | counts] if shown else []


def _smoothed_end(curve: dict[str, list[float]]) -> float:
    terms = [v for k, v in curve.items() if k.startswith("loss") and k != "loss_budget"]
    total = np.sum(terms, axis=0)
    return float(total[len(total) - 1 - len(total) // 40 :].mean())


def _categories(facts: Facts) -> list[ExpectedTable]:
    """AP by size and category."""
    shown = facts.shown
    names = list(dict.fromkeys(n for r in shown for n in part(r.metrics, "per_category")))
    if not names:
        return []
    sizes = {"APs": "small", "APm": "medium", "APl": "large"}
    runs = facts.shown_runs
    by_size = [
        column(word, [fixed(_mean_known(facts.values(run, size))) for run in runs])
        for size, word in sizes.items()
        if any(is_known(record.value(size)) for record in shown)
    ]
    by_name = [
        column(name, [
            fixed(_mean_known([
                one.metrics["per_category"].get(name) for one in facts.records[run].values()
            ]))
            for run in runs
        ])
        for name in names
    ]  # fmt: skip
    sections = ("By size and category", "AP by size and category")
    return [ExpectedTable(sections, [column("run", runs), *by_size, *by_name])]


def _mean_known(values: Iterable[float | None]) -> float:
    return mean([value for value in values if value is not None and is_known(value)])
