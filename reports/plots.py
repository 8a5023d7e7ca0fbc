"""Charts, drawn twice: for light and for dark screens."""

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")
import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from reports.figures import DARK, Figure
from reports.layout import write_atomically
from reports.manifest import Table
from reports.records import Record, by_run

WIDTH = 5.2  # inches, a little more than half of the page: readable on a phone without zooming


@dataclass(frozen=True)
class Ink:
    """Colours of one theme; `series` are told apart with any colour vision."""

    text: str
    faint: str
    published: str
    series: tuple[str, ...]


LIGHT = Ink(
    "#1d232b",
    "#d9dde2",
    "#8a929c",
    ("#0b6ba8", "#c2570c", "#3a7d34", "#7a4fa3", "#946b00", "#a3324f"),
)
NIGHT = Ink(
    "#e4e7eb",
    "#3a424c",
    "#8d96a1",
    ("#6bb5ea", "#f0995a", "#86c77e", "#bd9be0", "#d9b44a", "#ee8aa2"),
)


def save_both(folder: Path, stem: str, draw: Callable[[Ink], plt.Figure]) -> tuple[str, str]:
    """Draw in both themes to <stem>.png and <stem>-dark.png; returns the file names."""
    names = (f"{stem}.png", f"{stem}{DARK}.png")
    for name, ink in zip(names, (LIGHT, NIGHT), strict=True):
        with mpl.rc_context(_style(ink)):
            figure = draw(ink)
            buffer = io.BytesIO()
            figure.savefig(buffer, dpi=144, transparent=True, metadata={"Software": None})
            plt.close(figure)
        write_atomically(folder / name, buffer.getvalue())
    return names


def _style(ink: Ink) -> dict:
    return {
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "text.color": ink.text,
        "axes.labelcolor": ink.text,
        "axes.edgecolor": ink.faint,
        "axes.titlesize": 9,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": ink.text,
        "ytick.color": ink.text,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "grid.color": ink.faint,
        "grid.linewidth": 0.6,
        "axes.axisbelow": True,
        "legend.frameon": False,
        "figure.constrained_layout.use": True,
    }


def ap_by_variant(table: Table, records: list[Record], folder: Path) -> Figure | None:
    """AP of each row, a point a seed and a bar at the mean, beside the published AP."""
    runs = by_run(records)
    if not runs:
        return None
    name, dark = save_both(folder, f"ap-{table.id}", lambda ink: _draw_variants(table, runs, ink))
    means = {
        run: np.mean([r.metric("AP") for r in runs[run].values()])
        for run in table.runs
        if run in runs
    }
    values = ", ".join(f"{run} {mean:.1f}" for run, mean in means.items())
    return Figure(
        name,
        f"AP by variant, {table.paper}",
        f"Dot plot of AP by variant. Mean over seeds: {values}.",
        "Points are seeds, the upright bar is their mean. Grey diamonds are the published AP, on "
        "their own scale of the same width: compare distances between rows, not positions.",
        {record.name: record.evaluate.get("key", "") for record in records},
        dark,
    )


def _draw_variants(table: Table, runs: dict[str, dict[int, Record]], ink: Ink) -> plt.Figure:
    height = 0.9 + 0.36 * len(table.runs)
    figure, (ours, paper) = plt.subplots(1, 2, figsize=(WIDTH, height), sharey=True)
    theirs = {row.run: row.published["AP"] for row in table.rows if "AP" in row.published}
    for place, run in enumerate(table.runs):
        values = [record.metric("AP") for record in runs.get(run, {}).values()]
        ours.plot(
            values,
            [place] * len(values),
            "o",
            ms=5,
            mew=0,
            alpha=0.75,
            color=ink.series[0],
        )
        if values:
            ours.plot([np.mean(values)], [place], "|", ms=15, mew=2, color=ink.series[0])
        if run in theirs:
            paper.plot([theirs[run]], [place], "D", ms=5, mew=0, color=ink.published)
    _same_width(ours, paper)
    ours.set_title("measured AP")
    paper.set_title("published AP")
    ours.set_yticks(range(len(table.runs)), table.runs)
    ours.set_ylim(len(table.runs) - 0.5, -0.5)
    for axes in (ours, paper):
        axes.grid(True, axis="x")
        axes.grid(True, axis="y", alpha=0.5)
        axes.spines["left"].set_visible(False)
    return figure


def _same_width(*axes: Axes) -> None:
    """Give axes limits of one width, so that a distance means the same in each."""
    drawn = [(one, *one.dataLim.intervalx) for one in axes if one.has_data()]
    width = max([1.0] + [high - low for _, low, high in drawn]) * 1.15
    for one, low, high in drawn:
        one.set_xlim((low + high - width) / 2, (low + high + width) / 2)


Curves = dict[str, list[dict[str, np.ndarray]]]  # run -> one {"iteration", quantity: (n,)} a seed


def training_curves(
    curves: Curves, sources: dict[str, str], folder: Path, stem: str
) -> Figure | None:
    """Training loss by iteration and, for gated runs, the share of open gates; a line a seed."""
    if not curves:
        return None
    name, dark = save_both(folder, stem, lambda ink: _draw_curves(curves, ink))
    last = {run: np.mean([one["loss"][-1] for one in seeds]) for run, seeds in curves.items()}
    values = ", ".join(f"{run} {value:.2f}" for run, value in last.items())
    return Figure(
        name,
        "Training",
        f"Line plots of fine-tuning. Last smoothed loss: {values}.",
        "Fine-tuning, a line a seed, smoothed over a twentieth of the run. The loss is the sum of "
        "the heads' terms, without the routing budget.",
        sources,
        dark,
    )


def _draw_curves(curves: Curves, ink: Ink) -> plt.Figure:
    gated = any("open_fraction" in one for seeds in curves.values() for one in seeds)
    figure, axes = plt.subplots(
        1 + gated,
        1,
        figsize=(WIDTH, 2.6 + 1.5 * gated),
        sharex=True,
        squeeze=False,
        height_ratios=[2, 1][: 1 + gated],
    )
    for place, (run, seeds) in enumerate(curves.items()):
        colour = ink.series[place % len(ink.series)]
        dash = "-" if place < len(ink.series) else "--"
        for number, one in enumerate(seeds):
            label = run if number == 0 else None
            axes[0, 0].plot(one["iteration"], one["loss"], dash, lw=1, color=colour, label=label)
            if "open_fraction" in one:
                axes[1, 0].plot(one["iteration"], one["open_fraction"], dash, lw=1, color=colour)
    axes[0, 0].set_title("loss")
    columns = 3 if max(map(len, curves)) < 22 else 2
    figure.legend(fontsize=8, ncols=columns, loc="outside lower center")
    if gated:
        axes[1, 0].set_title("open share of the gates")
        axes[1, 0].set_ylim(0, 1.02)
    axes[-1, 0].set_xlabel("iteration")
    for one in axes[:, 0]:
        one.grid(True, axis="y")
    return figure
