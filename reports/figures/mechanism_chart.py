"""Chart of gains in AP against how far modules align."""
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from reports.figures.figure import Figure, Sources
from reports.figures.theme import WIDTH, Ink, save_both
from reports.mechanism.aligning import NOT_RUN, Aligning
from reports.mechanism.section import Mechanism
from reports.numbers import signed


def gain_beside_alignment(found: Sequence[Mechanism], sources: Sources, folder: Path) -> Figure:
    """A row for each run: the gain in AP with its interval, and the share of the motion that it
    follows."""
    name, dark = save_both(folder, "mechanism", lambda ink: draw(found, ink))
    return Figure(
        name,
        "Gain beside alignment",
        f"Dot plot. {'; '.join(map(told, found))}.",
        "Left: gain in AP over the image model, mean over seeds with its 90 % interval. Right: the "
        "share of the objects' motion that the module follows, one less its end-point error over "
        "that of not looking elsewhere: 100 % is perfect, 0 as good as nothing, below 0 worse.",
        sources,
        dark,
    )


def told(one: Mechanism) -> str:
    gain = f"gains {signed(one.gain.mean)}" if one.gain else NOT_RUN
    return f"{one.run} {gain}, {aligns(one)}"


def aligns(one: Mechanism) -> str:
    if isinstance(one.aligns, str):
        return "alignment not run" if one.aligns == NOT_RUN else one.aligns
    return f"follows {signed(100 * one.aligns.followed, 0)} % of the motion"


def draw(found: Sequence[Mechanism], ink: Ink) -> Drawing:
    height = 0.9 + 0.26 * len(found)
    figure, (gains, motion) = plt.subplots(1, 2, figsize=(WIDTH, height), sharey=True)
    for place, one in enumerate(found):
        draw_gain(gains, place, one, ink)
        draw_alignment(motion, place, one, ink)
    gains.set_title("gain in AP")
    motion.set_title("% of the motion followed")
    gains.set_yticks(range(len(found)), labels([one.run for one in found]))
    gains.set_ylim(len(found) - 0.5, -0.5)
    motion.set_xlim(left=min(-25.0, motion.get_xlim()[0]), right=105)
    for axes in (gains, motion):
        axes.axvline(0, color=ink.published, lw=0.8)
        axes.grid(True, axis="x")
        axes.grid(True, axis="y", alpha=0.5)
        axes.spines["left"].set_visible(False)
    return figure


def labels(runs: Sequence[str]) -> list[str]:
    """Of runs of one image model only what they add to it."""
    models = {run.partition("+")[0] for run in runs}
    return [run.partition("+")[2] for run in runs] if len(models) == 1 else [*runs]


def draw_gain(axes: Axes, place: int, one: Mechanism, ink: Ink) -> None:
    if one.gain is None:
        word(axes, place, NOT_RUN, ink)
        return
    if one.gain.bounds:
        axes.plot(one.gain.bounds, [place, place], "-", lw=2, alpha=0.5, color=ink.series[0])
    axes.plot([one.gain.mean], [place], "o", ms=5, mew=0, color=ink.series[0])


def draw_alignment(axes: Axes, place: int, one: Mechanism, ink: Ink) -> None:
    if isinstance(one.aligns, Aligning):
        axes.plot([100 * one.aligns.followed], [place], "D", ms=5, mew=0, color=ink.series[1])
    else:
        word(axes, place, one.aligns, ink)


def word(axes: Axes, place: int, text: str, ink: Ink) -> None:
    axes.text(0, place, f" {text}", va="center", fontsize=7, color=ink.published)
