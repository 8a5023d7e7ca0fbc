"""Builds a profile's tables and page: `python -m reports.build --profile mini`.

Works with no, some or all records, so that the page is of use while the suite runs.
"""

import argparse
import sys
from pathlib import Path

from experiments.stages.layout import ROOT, Layout
from reports.csv_files import csv_frames, write_csv_files
from reports.doses.gain_curves import load_curves
from reports.evidence.load import Evidence, load
from reports.figures.page_figures import draw_figures
from reports.page.content import page_content
from reports.page.latex import latex_frame
from reports.page.rendering import render_html, render_markdown
from reports.scale.prediction import load_foretold
from reports.trackers.tracker_gains import load_tracker_gains
from tpr.command import command
from tpr.files import write_atomically

CAPTIONS = {
    "1f": "Table 1(f): parameters in M and multiply-accumulates in G, differences to the run over.",
    "speed": "Speed: frames per second, and ratios to the model without TPR.",
}


def build(profile: str, root: Path = ROOT) -> Path:
    """Write tables, figures, report.md and index.html of a profile; returns the page's path."""
    layout = Layout(profile, root)
    evidence = load(layout)
    write_csv_files(evidence, layout)
    doses = load_curves(layout)
    trackers, scales = load_tracker_gains(layout), load_foretold(layout)
    figures = draw_figures(layout, evidence, doses, trackers, scales)
    content = page_content(evidence, figures, doses, trackers, scales)
    for table in content.tables:
        write_atomically(layout.tables / f"{table.cells.id}.tex", table.latex)
    for name, text in cost_latex(evidence).items():
        write_atomically(layout.tables / f"{name}.tex", text)
    write_atomically(layout.report / "report.md", render_markdown(content))
    return write_atomically(layout.page, render_html(content, layout.figures))


def cost_latex(evidence: Evidence) -> dict[str, str]:
    """By name, Table 1(f) and the speeds as LaTeX."""
    frames = csv_frames(evidence)
    return {
        name: latex_frame(frames[name], caption)
        for name, caption in CAPTIONS.items()
        if name in frames
    }


@command
def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m reports.build", description=__doc__)
    parser.add_argument("--profile", default="mini")
    options = parser.parse_args(arguments)
    print(build(options.profile))


if __name__ == "__main__":
    sys.exit(main())
