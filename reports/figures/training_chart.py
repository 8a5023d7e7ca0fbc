"""Chart of training: loss by iteration and the share of open gates."""
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from reports.figures.curves import Curve, Curves
from reports.figures.figure import Figure, Sources
from reports.figures.theme import WIDTH, Ink, save_both


def training_curves(
    curves: Curves, sources: Sources, folder: Path, stem: str, trainings: int
) -> Figure | None:
    """Loss by iteration and, for gated runs, the share of open gates; a line for each run.

    trainings: how many there are, with those whose curves are not kept.
    """
    if not curves:
        return None
    name, dark = save_both(folder, stem, lambda ink: _draw_curves(curves, ink))
    last = {run: np.mean([one["loss"][-1] for one in seeds]) for run, seeds in curves.items()}
    values = ", ".join(f"{run} {value:.2f}" for run, value in last.items())
    return Figure(
        name,
        "Training",
        f"Line plots of fine-tuning. Last smoothed loss: {values}.",
        "Fine-tuning, the mean over seeds as a line and their extremes as a band: "
        f"{len(sources)} of {trainings} trainings kept their curves. "
        "Smoothed over a twentieth of the run. The loss is the sum of the heads' terms, without "
        "the routing budget.",
        sources,
        dark,
    )


def _draw_curves(curves: Curves, ink: Ink) -> Drawing:
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
        _draw_run(axes[0, 0], seeds, "loss", colour, dash, run)
        with_gates = [one for one in seeds if "open_fraction" in one]
        if with_gates:
            _draw_run(axes[1, 0], with_gates, "open_fraction", colour, dash)
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


def _draw_run(
    axes: Axes, seeds: Sequence[Curve], what: str, colour: str, dash: str, label: str | None = None
) -> None:
    """The mean over seeds, and a band from the least to the greatest of them."""
    at = seeds[0]["iteration"]
    values = np.stack([np.interp(at, one["iteration"], one[what]) for one in seeds])
    axes.fill_between(at, values.min(0), values.max(0), alpha=0.15, lw=0, color=colour)
    axes.plot(at, values.mean(0), dash, lw=1.4, color=colour, label=label)
