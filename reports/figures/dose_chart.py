"""Chart of gain against dose: a small one for each factor, of models that were trained at the doses
after the others. TPR, its larger part and merging alone have points with intervals, side by side;
other runs are faint lines."""
# pyright: reportUnknownMemberType=false

from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.figure import Figure as Drawing

from reports.doses.gain_curves import Curve, Curves
from reports.doses.words import factor_words
from reports.figures.figure import Figure, Sources
from reports.figures.theme import WIDTH, Ink, save_both
from reports.records.main_modules import MAIN
from reports.statistics.intervals import with_interval

NAME = "doses"
MARKS = ("o", "s", "^")  # of the runs with intervals
OTHERS = "other runs"
APART = 0.16  # between the points of two runs at one dose, whose distance to the next is 1


def gain_against_dose(curves: Curves, sources: Sources, folder: Path) -> Figure:
    known, main = curves.known, [curves.baseline + module for module in MAIN]
    name, dark = save_both(folder, NAME, lambda ink: _draw(known, main, ink))
    told = "; ".join(_told(one) for one in known if one.run == curves.tpr)
    return Figure(
        name,
        "Gain against dose",
        f"Charts of gain against dose, one for each factor. {told or 'TPR: not run'}.",
        f"{change_sentence([one for one in known if one.run in main])} Gain in AP over "
        f"{curves.baseline}, mean over seeds; bars are 90 % intervals over seeds and videos, each "
        "for itself alone. Faint lines are the other runs, whose numbers stand in the tables.",
        sources,
        dark,
    )


def change_sentence(known: list[Curve]) -> str:
    """The largest difference between a run's gains at the lowest and the highest dose."""
    ends = [(one, one.gains[0], one.gains[-1]) for one in known]
    whole = [(one, low, high) for one, low, high in ends if low and high]
    if not whole:
        return "No run has gains at both ends of a factor."
    one, low, high = max(whole, key=lambda found: abs(found[2].mean - found[1].mean))
    return (
        f"The gain changes most over {factor_words(one.factor, trained=one.trained)}: that of "
        f"{one.run} is {with_interval(low)} at {one.doses[0]:g} and {with_interval(high)} at "
        f"{one.doses[-1]:g}."
    )


def _told(one: Curve) -> str:
    found = [f"{with_interval(g)} at {d:g}" for d, g in zip(one.doses, one.gains, strict=True) if g]
    return f"{factor_words(one.factor, trained=one.trained)}, {one.run}: {', '.join(found)}"


def _draw(curves: list[Curve], main: list[str], ink: Ink) -> Drawing:
    panels = list(dict.fromkeys((one.factor, one.trained) for one in curves))
    rows = (len(panels) + 1) // 2
    figure, grid = plt.subplots(
        rows, 2, figsize=(WIDTH, 1.9 * rows + 0.7), squeeze=False, sharey=True
    )
    for place, axes in enumerate(grid.flat):
        axes.set_visible(place < len(panels))
        if place < len(panels):
            own = [one for one in curves if (one.factor, one.trained) == panels[place]]
            _panel(axes, own, main, ink)
    named = {
        label: handle
        for axes in grid.flat
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    named |= {OTHERS: named.pop(OTHERS)} if OTHERS in named else {}  # last
    figure.legend(named.values(), named, fontsize=8, ncols=2, loc="outside upper left")
    return figure


def _panel(axes: Any, curves: list[Curve], main: list[str], ink: Ink) -> None:
    axes.axhline(0, color=ink.published, lw=0.8)
    for one in (one for one in curves if one.run not in main):
        found = [(x, g.mean) for x, g in enumerate(one.gains) if g]
        axes.plot(*zip(*found, strict=True), color=ink.faint, lw=1, label=OTHERS)
    shown = [one for run in main for one in curves if one.run == run]
    for one in shown:
        place = main.index(one.run)
        shift = APART * (shown.index(one) - (len(shown) - 1) / 2)
        found = [(x + shift, g) for x, g in enumerate(one.gains) if g]
        reach = [g.bounds[1] - g.mean if g.bounds else 0.0 for _, g in found]
        axes.errorbar(
            [x for x, _ in found], [g.mean for _, g in found], reach, color=ink.series[place],
            marker=MARKS[place], ms=4, mew=0, lw=1.2, elinewidth=1.6, label=one.run,
        )  # fmt: skip
    axes.set_xticks(range(len(curves[0].doses)), [f"{dose:g}" for dose in curves[0].doses])
    axes.set_title(factor_words(curves[0].factor, trained=curves[0].trained))
    axes.grid(True, axis="y")
    axes.margins(x=0.08)
