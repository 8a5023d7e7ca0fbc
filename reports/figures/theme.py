"""Colours of charts on light and on dark screens; each chart is drawn for both."""
# pyright: reportUnknownMemberType=false

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from reports.figures.figure import DARK
from tpr.files import write_atomically

mpl.use("Agg")

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


def save_both(folder: Path, stem: str, draw: Callable[[Ink], Drawing]) -> tuple[str, str]:
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


def rows_down(
    figure: Drawing, axes: Axes, names: Sequence[str], title: str, columns: int = 1
) -> None:
    """Names the rows of a dot plot, the first at the top, and puts the legend of its colours above
    it."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_title(title)
    axes.grid(True, axis="x")
    axes.spines["left"].set_visible(False)
    figure.legend(fontsize=8, ncols=columns, loc="outside upper left")


def _style(ink: Ink) -> dict[Any, Any]:
    """Settings of matplotlib, by name."""
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
