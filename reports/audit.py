"""The audit of the published numbers: `python -m reports.audit`.

Writes reports/audit/index.html and report.md from the transcription in reports/published/ and, for
costs, results/full/costs.json, for offsets results/<profile>/offset-fit.json. Every sentence with a
number is computed from these.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from experiments.stages.layout import ROOT, Layout
from reports.audit_checks.audit_content import audit_content
from reports.claims.verdicts import is_meaningless
from reports.costs.cost_evidence import load_costs
from reports.page.rendering import render
from reports.paper.transcription import load_paper
from tpr.command import command
from tpr.data.json_input import read_json
from tpr.files import write_atomically


def build(root: Path = ROOT) -> Path:
    """Writes both pages; returns the HTML one's path."""
    costs, problems = load_costs(Layout("full", root))
    content = vars(audit_content(load_paper(), costs, problems, load_fits(root)))
    folder = root / "reports" / "audit"
    write_atomically(folder / "report.md", render("audit.md", content))
    return write_atomically(folder / "index.html", render("audit.html", content))


def load_fits(root: Path) -> dict[str, Any]:
    """results/<profile>/offset-fit.json by profile; those of smoke and of trials mean nothing."""
    found = {path.parent.name: path for path in sorted(root.glob("results/*/offset-fit.json"))}
    return {name: read_json(path) for name, path in found.items() if not is_meaningless(name)}


@command
def main(arguments: list[str] | None = None, root: Path = ROOT) -> None:
    parser = argparse.ArgumentParser(prog="python -m reports.audit", description=__doc__)
    parser.parse_args(arguments)
    print(build(root))


if __name__ == "__main__":
    sys.exit(main())
