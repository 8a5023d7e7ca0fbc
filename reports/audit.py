"""The audit of the published numbers: `python -m reports.audit`.

Writes reports/audit/index.html and report.md from the transcription in reports/published/ and, for
costs, results/full/costs.json. Every sentence with a number is computed from these.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from experiments.layout import ROOT, Layout
from reports.audit_checks.cost_checks import cost_findings
from reports.audit_checks.finding import IN_ORDER, MISSING, STANDS_OUT, Finding
from reports.audit_checks.result_checks import result_findings
from reports.costs.cost_frames import GIGA, MEGA, Costs, load_costs
from reports.costs.cost_words import relative
from reports.numbers import NOTHING, number, signed
from reports.page.rendering import render
from reports.paper.transcription import WORDS, Paper, load_paper
from tpr.command import command
from tpr.cost import conventions
from tpr.files import write_atomically


def build(root: Path = ROOT) -> Path:
    """Writes both pages; returns the HTML one's path."""
    paper = load_paper()
    costs, problems = load_costs(Layout("full", root))
    content = audit_view(paper, costs, problems)
    folder = root / "reports" / "audit"
    write_atomically(folder / "report.md", render("audit.md", content))
    return write_atomically(folder / "index.html", render("audit.html", content))


def audit_view(paper: Paper, costs: Costs, problems: list[str]) -> dict[str, Any]:
    """What the templates show."""
    groups = {
        "Costs and speed": cost_findings(paper, costs),
        "Accuracy": result_findings(paper),
    }
    everything = [finding for group in groups.values() for finding in group]
    return {
        "problems": problems,
        "summary": summary(paper, everything),
        "groups": [{"name": name, "findings": _sorted(group)} for name, group in groups.items()],
        "explained": explained(paper, costs),
        "ledger": paper.ledger,
        "tables": [transcribed(paper, table) for table in paper.tables],
    }


def _sorted(findings: list[Finding]) -> list[Finding]:
    """What stands out first, otherwise as given."""
    return sorted(
        findings, key=lambda finding: (STANDS_OUT, MISSING, IN_ORDER).index(finding.outcome)
    )


def summary(paper: Paper, findings: list[Finding]) -> str:
    counts = {kind: sum(f.outcome == kind for f in findings) for kind in (STANDS_OUT, IN_ORDER)}
    text = (
        f"{len(list(paper.numbers()))} numbers of {len(paper.tables)} tables and {len(findings)} "
        f"checks: {counts[STANDS_OUT]} stand out, {counts[IN_ORDER]} are in order"
    )
    rest = len(findings) - sum(counts.values())
    return text + (f", {rest} not run." if rest else ".")


def explained(paper: Paper, costs: Costs) -> list[dict[str, str]]:
    """Published costs beside ours under each convention, with relative differences."""
    rows = []
    for backbone, name in (("r50", "ResNet50"), ("r101", "ResNet101")):
        base, routed = (paper.row("1f", f"{kind}-{backbone}") for kind in ("baseline", "tpr"))
        own, whole = costs.get(base["run"]), costs.get(routed["run"])
        if own and whole:
            rows += _explained_baseline(name, base, own) + _explained_tpr(name, routed, whole)
    return rows


def _explained_baseline(name: str, base: dict, cost: dict) -> list[dict[str, str]]:
    flops = [f(cost) / GIGA for f in (conventions.published, conventions.executed)]
    params = conventions.parameters(cost) / MEGA
    return [
        _compare(f"{name}, parameters, M", base["params"], [params, params], number),
        _compare(f"{name}, GFLOPs", base["GFLOPs_avg"], flops, number),
    ]


def _explained_tpr(name: str, routed: dict, cost: dict) -> list[dict[str, str]]:
    """TPR's parameters, and its least GFLOPs: those of closed gates."""
    params = conventions.added_parameters(cost) / MEGA
    closed = [conventions.added(cost, kind, 0) / GIGA for kind in ("published", "executed")]
    return [
        _compare(f"{name}, parameters of TPR, M", routed["added_params"], [params] * 2, signed),
        _compare(
            f"{name}, TPR with closed gates, against the published minimum, GFLOPs",
            routed["added_GFLOPs_min"],
            closed,
            signed,
        ),
    ]


def _compare(what: str, theirs: float, ours: list[float], show: Any) -> dict[str, str]:
    seen, done = (f"{show(x, 2)} ({signed(relative(x, theirs))} %)" for x in ours)
    return {"what": what, "paper": show(theirs), "published": seen, "executed": done}


def transcribed(paper: Paper, table: str) -> dict[str, Any]:
    """A table as it was transcribed."""
    rows = paper.rows(table)
    names = list(dict.fromkeys(n for cells in rows.values() for n in cells if n not in WORDS))
    return {
        "id": table,
        "title": paper.tables[table]["title"],
        "names": [name.replace("added_", "+").replace("_", " ") for name in names],
        "rows": [
            {"label": cells["label"], "cells": [_printed(cells.get(name)) for name in names]}
            for cells in rows.values()
        ],
    }


def _printed(value: float | None) -> str:
    return NOTHING if value is None else f"{value:g}" if isinstance(value, int) else number(value)


@command
def main(arguments: list[str] | None = None, root: Path = ROOT) -> None:
    argparse.ArgumentParser(prog="python -m reports.audit", description=__doc__).parse_args(
        arguments
    )
    print(build(root))


if __name__ == "__main__":
    sys.exit(main())
