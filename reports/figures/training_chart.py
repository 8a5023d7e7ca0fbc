"""Chart of training: loss by iteration and the share of open gates."""
# pyright: reportUnknownMemberType=false

from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure as Drawing

from reports.figures.curves import Curves
from reports.figures.figure import Figure, Sources
from reports.figures.theme import WIDTH, Ink, save_both


def training_curves(
    curves: Curves, sources: Sources, folder: Path, stem: str, trainings: int
) -> Figure | None:
    """Loss by iteration and, for gated runs, the share of open gates; a line for each seed.

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
        f"Fine-tuning, a line a seed: {len(sources)} of {trainings} trainings kept their curves. "
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
