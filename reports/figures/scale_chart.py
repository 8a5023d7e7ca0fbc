"""Chart of gain against scale: a panel for each run, a line for each number of training videos."""
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from experiments.declared.scale import Cell
from reports.figures.figure import Figure, Sources
from reports.figures.theme import WIDTH, Ink, save_both
from reports.numbers import signed
from reports.scale.plane import Predicted, Scales
from reports.statistics.gain import Estimate

NAME = "scale"


def gain_against_scale(scales: Scales, sources: Sources, folder: Path) -> Figure:
    name, dark = save_both(folder, NAME, lambda ink: _draw(scales, ink))
    told = "; ".join(_told(scales, run) for run in scales.runs)
    return Figure(
        name,
        "Gain against scale",
        f"Line charts of gain against scale. {told}.",
        f"Gain in AP over {scales.grid.baseline} by width of the network, mean over seeds; "
        "bars are 90 % intervals over seeds and videos, each for itself alone. Hollow: what was "
        "predicted of the held-out cells.",
        sources,
        dark,
    )


def _told(scales: Scales, run: str) -> str:
    cells = [*scales.fitted, *scales.held_out]
    gains = [(cell, scales.gain(run, cell)) for cell in cells]
    found = [f"{signed(g.mean)} at {_place(cell)}" for cell, g in gains if g]
    found += [
        f"predicted {signed(one.mean)} at {_place(cell)}"
        for (name, cell), one in scales.prediction.items()
        if name == run
    ]
    return f"{run}: {', '.join(found)}"


def _place(cell: Cell) -> str:
    return f"width {cell.width:g} and {cell.videos} videos"


def _draw(scales: Scales, ink: Ink) -> Drawing:
    runs = scales.runs
    figure, grid = plt.subplots(1, len(runs), figsize=(WIDTH, 2.6), squeeze=False, sharey=True)
    for axes, run in zip(grid.flat, runs, strict=True):
        _panel(axes, scales, run, ink)
    lines = [
        Line2D([], [], color=_colour(ink, place), marker="o", ms=3.5, lw=1.0)
        for place in range(len(scales.grid.videos))
    ]
    labels = [f"{videos} videos" for videos in scales.grid.videos]
    figure.legend(lines, labels, fontsize=7, ncols=len(lines), loc="outside lower center")
    return figure


def _colour(ink: Ink, place: int) -> str:
    return ink.series[place % len(ink.series)]


def _panel(axes: Any, scales: Scales, run: str, ink: Ink) -> None:
    axes.axhline(0, color=ink.published, lw=0.8)
    widths = scales.grid.widths
    for place, videos in enumerate(scales.grid.videos):
        colour = _colour(ink, place)
        cells = [Cell(width, videos) for width in widths]
        shift = 0.05 * (place - 1)  # so that bars do not hide one another
        gains = [scales.gain(run, cell) for cell in cells]
        _points(axes, gains, shift, colour)
        foretold = [scales.prediction.get((run, cell)) for cell in cells]
        _points(axes, foretold, shift + 0.12, colour, hollow=True)
    axes.set_xticks(range(len(widths)), [f"{width:g}" for width in widths])
    axes.set_xlabel("width")
    axes.set_title(run)
    axes.grid(True, axis="y")


def _points(
    axes: Any,
    by_width: Sequence[Estimate | Predicted | None],
    shift: float,
    colour: str,
    *,
    hollow: bool = False,
) -> None:
    """hollow: of predictions; others are joined by a line."""
    found = [(x + shift, one.mean, *(one.bounds or (one.mean,) * 2))
             for x, one in enumerate(by_width) if one]  # fmt: skip
    if not found:
        return
    x, mean, low, high = np.array(found).T
    axes.errorbar(
        x, mean, [mean - low, high - mean], fmt="o" if hollow else "-o", color=colour, lw=1.0,
        ms=3.5, mfc="none" if hollow else colour,
    )  # fmt: skip
