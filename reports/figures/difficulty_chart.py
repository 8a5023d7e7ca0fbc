"""Chart of the gain over the image model by difficulty."""
# pyright: reportUnknownMemberType=false

from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from reports.difficulty.ap_by_part import FRAMES, Part, PartAps, SeedAps, gain_over_seeds, gains
from reports.difficulty.part_tables import amounts, title, words
from reports.figures.figure import Figure, Sources
from reports.figures.theme import WIDTH, Ink, rows_down, save_both
from reports.numbers import signed

NAME = "difficulty"
PLAIN_FRAMES = ("first", "clean", "degraded")  # kinds of degradation are in the table


def gain_by_difficulty(
    found: PartAps, pairs: list[tuple[str, str]], sources: Sources, folder: Path
) -> Figure | None:
    """Gains of `pairs` (better, than) in each part; None where no pair has a common seed."""
    shown = {p: a for p, a in found.items() if p.grouping != FRAMES or p.name in PLAIN_FRAMES}
    pairs = [pair for pair in pairs if any(gains(aps, *pair) for aps in shown.values())]
    if not pairs:
        return None
    name, dark = save_both(folder, NAME, lambda ink: _draw(shown, pairs, ink))
    return Figure(
        name,
        "Gain by difficulty",
        f"Dot plot of AP gains over the image model by difficulty. {_means(shown, pairs)}.",
        "Gain in AP over the image model alone, for thirds of the validation videos and for single "
        "frames. Small points are seeds, large ones their mean, bars 90 % intervals over seeds; "
        "luck with the videos is not in them.",
        sources,
        dark,
    )


def _means(shown: PartAps, pairs: list[tuple[str, str]]) -> str:
    lines: list[str] = []
    for pair in pairs:
        means = {part: gain_over_seeds(aps, *pair) for part, aps in shown.items()}
        cells = [f"{_label(part)} {signed(one.mean)}" for part, one in means.items() if one]
        lines.append(f"{pair[0]}: {', '.join(cells)}")
    return "; ".join(lines)


def _label(part: Part) -> str:
    held = f" ({amounts(part)})" if amounts(part) else ""
    return f"{title(part.grouping)}, {words(part.name)}{held}"


def _draw(shown: PartAps, pairs: list[tuple[str, str]], ink: Ink) -> Drawing:
    figure, axes = plt.subplots(figsize=(WIDTH, 1.0 + 0.36 * len(shown)))
    axes.axvline(0, color=ink.published, lw=0.8)
    for row, aps in enumerate(shown.values()):
        for place, pair in enumerate(pairs):
            height = row + 0.64 * ((place + 0.5) / len(pairs) - 0.5)
            _draw_gain(axes, aps, pair, height, ink.series[place % len(ink.series)])
    for place, (better, _) in enumerate(pairs):
        colour = ink.series[place % len(ink.series)]
        axes.plot([], [], "o", ms=5, mew=0, color=colour, label=better)
    rows_down(figure, axes, [*map(_label, shown)], "gain in AP over the image model", columns=2)
    return figure


def _draw_gain(axes: Axes, aps: SeedAps, pair: tuple[str, str], height: float, colour: str) -> None:
    found = gain_over_seeds(aps, *pair)
    if found is None:
        return
    by_seed = gains(aps, *pair)
    if found.bounds:
        axes.plot(found.bounds, [height] * 2, lw=3, alpha=0.3, color=colour)
    axes.plot(by_seed, [height] * len(by_seed), "o", ms=2.5, mew=0, color=colour)
    axes.plot([found.mean], [height], "o", ms=5, mew=0, color=colour)
