"""Chart of gain against dose: a small one for each factor, a line and a band for each run."""
# pyright: reportUnknownMemberType=false

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure as Drawing

from reports.doses.gain_curves import Curve, Curves
from reports.doses.section import change_sentence
from reports.figures.figure import Figure, Sources
from reports.figures.theme import WIDTH, Ink, save_both
from reports.numbers import signed

NAME = "doses"
STYLES = ("-", "--")  # colours are six: the seventh run and those after it have broken lines


def gain_against_dose(curves: Curves, sources: Sources, folder: Path) -> Figure:
    """Of the runs that were trained without a dose."""
    known = [one for one in curves.known if not one.trained]
    name, dark = save_both(folder, NAME, lambda ink: _draw(known, ink))
    return Figure(
        name,
        "Gain against dose",
        f"Line charts of gain against dose. {'; '.join(map(_told, known))}.",
        f"{change_sentence(known)} Gain in AP over {curves.baseline}, mean over seeds; bands are "
        "90 % intervals over seeds and videos, each for itself alone.",
        sources,
        dark,
    )


def _told(one: Curve) -> str:
    found = [f"{signed(g.mean)} at {d:g}" for d, g in zip(one.doses, one.gains, strict=True) if g]
    return f"{one.factor}, {one.run}: {', '.join(found)}"


def _draw(curves: list[Curve], ink: Ink) -> Drawing:
    factors = list(dict.fromkeys(one.factor for one in curves))
    runs = list(dict.fromkeys(one.run for one in curves))
    rows = (len(factors) + 1) // 2
    figure, grid = plt.subplots(
        rows, 2, figsize=(WIDTH, 1.8 * rows + 0.2 * len(runs)), squeeze=False
    )
    for place, axes in enumerate(grid.flat):
        axes.set_visible(place < len(factors))
        if place < len(factors):
            own = [one for one in curves if one.factor == factors[place]]
            _panel(axes, own, runs, ink)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=7, ncols=2, loc="outside lower center")
    return figure


def _panel(axes: Any, curves: list[Curve], runs: list[str], ink: Ink) -> None:
    axes.axhline(0, color=ink.published, lw=0.8)
    for one in curves:
        place = runs.index(one.run)
        colour = ink.series[place % len(ink.series)]
        style = STYLES[place // len(ink.series) % len(STYLES)]
        found = [(x, g) for x, g in enumerate(one.gains) if g]
        steps = [x for x, _ in found]
        ends = np.array([g.bounds or (g.mean, g.mean) for _, g in found])
        axes.fill_between(steps, ends[:, 0], ends[:, 1], color=colour, alpha=0.15, lw=0)
        axes.plot(
            steps, [g.mean for _, g in found], style, color=colour, lw=1.2, marker="o", ms=3,
            label=one.run,
        )  # fmt: skip
    axes.set_xticks(range(len(curves[0].doses)), [f"{dose:g}" for dose in curves[0].doses])
    axes.set_title(curves[0].factor)
    axes.grid(True, axis="y")
