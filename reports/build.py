"""Builds a profile's tables and page: `python -m reports.build --profile mini`.

Works with no, some or all records, so that the page is of use while the suite runs.
"""

import argparse
import sys
from pathlib import Path

from experiments.stages.layout import ROOT, Layout
from reports.csv_files import write_csv_files
from reports.doses.gain_curves import load_curves
from reports.evidence.load import load
from reports.figures.page_figures import draw_figures
from reports.page.content import page_content
from reports.page.rendering import render_html, render_markdown
from reports.trackers.tracker_gains import load_tracker_gains
from tpr.command import command
from tpr.files import write_atomically


def build(profile: str, root: Path = ROOT) -> Path:
    """Write tables, figures, report.md and index.html of a profile; returns the page's path."""
    layout = Layout(profile, root)
    evidence = load(layout)
    write_csv_files(evidence, layout)
    doses = load_curves(layout)
    figures = draw_figures(layout, evidence, doses)
    content = page_content(evidence, figures, doses, load_tracker_gains(layout))
    for table in content.tables:
        write_atomically(layout.tables / f"{table.cells.id}.tex", table.latex)
    write_atomically(layout.report / "report.md", render_markdown(content))
    return write_atomically(layout.page, render_html(content, layout.figures))


@command
def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m reports.build", description=__doc__)
    parser.add_argument("--profile", default="mini")
    options = parser.parse_args(arguments)
    print(build(options.profile))


if __name__ == "__main__":
    sys.exit(main())
