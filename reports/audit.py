"""The audit of the published numbers: `python -m reports.audit`.

Writes reports/audit/index.html and report.md from the transcription in reports/published/ and, for
costs, results/full/costs.json. Every sentence with a number is computed from these.
"""

import argparse
import sys
from pathlib import Path

from experiments.stages.layout import ROOT, Layout
from reports.audit_checks.audit_content import audit_content
from reports.costs.cost_evidence import load_costs
from reports.page.rendering import render
from reports.paper.transcription import load_paper
from tpr.command import command
from tpr.files import write_atomically


def build(root: Path = ROOT) -> Path:
    """Writes both pages; returns the HTML one's path."""
    costs, problems = load_costs(Layout("full", root))
    content = vars(audit_content(load_paper(), costs, problems))
    folder = root / "reports" / "audit"
    write_atomically(folder / "report.md", render("audit.md", content))
    return write_atomically(folder / "index.html", render("audit.html", content))


@command
def main(arguments: list[str] | None = None, root: Path = ROOT) -> None:
    parser = argparse.ArgumentParser(prog="python -m reports.audit", description=__doc__)
    parser.parse_args(arguments)
    print(build(root))


if __name__ == "__main__":
    sys.exit(main())
