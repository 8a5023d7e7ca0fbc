"""Chart of the gain under each tracker, and of the parts that it is the sum of."""
# pyright: reportUnknownMemberType=false

from collections.abc import Mapping
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.figure import Figure as Drawing

from reports.figures.figure import Figure, Sources
from reports.figures.theme import WIDTH, Ink, rows_down, save_both
from reports.numbers import signed
from reports.statistics.gain import Estimate
from reports.trackers.tracker_gains import OWN, TrackerGains

NAME = "trackers"


def gain_by_tracker(found: TrackerGains, sources: Sources, folder: Path) -> Figure:
    rows = gains_by_row(found)
    name, dark = save_both(folder, NAME, lambda ink: _draw(rows, ink))
    values = "; ".join(
        f"{run}: " + ", ".join(f"{row} {signed(gain.mean)}" for row, gain in own.items())
        for run, own in rows.items()
    )
    return Figure(
        name,
        "Gain by part and by tracker",
        f"Dot plot of gains in AP. {values}.",
        f"Above the line the parts that the gain under {OWN} is the sum of, below it the gain "
        "under each tracker. Points of AP, means over seeds; bars are 90 % intervals, each for "
        "itself alone.",
        sources,
        dark,
    )


def gains_by_row(found: TrackerGains) -> dict[str, dict[str, Estimate]]:
    """By run, of what has parts, and by the chart's row: parts first, then trackers."""
    rows: dict[str, dict[str, Estimate]] = {}
    for one in found.parts:
        under = {g.tracker: g.gain for g in found.gains if g.pair == one.pair and g.gain}
        rows[one.pair.better] = one.parts | under
    return rows


def _draw(rows: Mapping[str, Mapping[str, Estimate]], ink: Ink) -> Drawing:
    names = list(dict.fromkeys(name for own in rows.values() for name in own))
    spacing = 0.1 + 0.08 * len(rows)  # inches between names, so that bars of all runs stand apart
    figure, axes = plt.subplots(figsize=(WIDTH, 0.9 + spacing * len(names)))
    axes.axvline(0, color=ink.published, lw=0.8)
    axes.axhline(2.5, color=ink.faint, lw=0.8)  # below the three parts
    for place, (run, own) in enumerate(rows.items()):
        colour = ink.series[place % len(ink.series)]
        for name, gain in own.items():
            height = names.index(name) + 0.8 * ((place + 0.5) / len(rows) - 0.5)
            if gain.bounds:
                axes.plot(gain.bounds, [height] * 2, lw=3, alpha=0.3, color=colour)
            axes.plot([gain.mean], [height], "o", ms=5, mew=0, color=colour)
        axes.plot([], [], "o", ms=5, mew=0, color=colour, label=run)
    rows_down(figure, axes, names, "gain in AP")
    return figure
