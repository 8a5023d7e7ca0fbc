"""Chart of the change in AP lost to each kind of error."""
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.figure import Figure as Drawing

from reports.errors.error_changes import Changes, described
from reports.figures.figure import Figure, Sources
from reports.figures.theme import WIDTH, Ink, rows_down, save_both

NAME = "errors"


def change_by_kind(changes: Sequence[Changes], sources: Sources, folder: Path) -> Figure:
    name, dark = save_both(folder, NAME, lambda ink: _draw(changes, ink))
    values = "; ".join(
        f"{one.better} − {one.than}: "
        + ", ".join(f"{kind.kind} {described(kind)}" for kind in one.kinds)
        for one in changes
    )
    return Figure(
        name,
        "Change in AP lost by kind of error",
        f"Dot plot of changes in AP lost by kind of error. {values}.",
        "Points of AP: left of zero, less is lost. Small points are seeds, large ones their mean, "
        "bars 90 % intervals over seeds and videos, over videos alone where there is one seed, "
        "each for itself alone.",
        sources,
        dark,
    )


def _draw(changes: Sequence[Changes], ink: Ink) -> Drawing:
    kinds = [change.kind for change in changes[0].kinds]
    figure, axes = plt.subplots(figsize=(WIDTH, 1.0 + 0.4 * len(kinds)))
    axes.axvline(0, color=ink.published, lw=0.8)
    for place, one in enumerate(changes):
        colour = ink.series[place % len(ink.series)]
        for row, change in enumerate(one.kinds):
            height = row + 0.64 * ((place + 0.5) / len(changes) - 0.5)
            if change.estimate.bounds:
                axes.plot(change.estimate.bounds, [height] * 2, lw=3, alpha=0.3, color=colour)
            axes.plot(change.by_seed, [height] * len(change.by_seed), "o", ms=2.5, mew=0,
                      color=colour)  # fmt: skip
            axes.plot([change.estimate.mean], [height], "o", ms=5, mew=0, color=colour)
        axes.plot([], [], "o", ms=5, mew=0, color=colour, label=f"{one.better} − {one.than}")
    rows_down(figure, axes, kinds, "change in AP lost")
    return figure
