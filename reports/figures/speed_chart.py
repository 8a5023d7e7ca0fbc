"""Chart of AP against frames per second: measured on each device, and published."""
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from reports.figures.cost_charts import spans_alike
from reports.figures.figure import Figure, Sources
from reports.figures.theme import WIDTH, Ink, save_both
from reports.paper.transcription import Paper
from reports.records.run_record import Record, by_run, mean_metric

NAME = "ap-speed"


@dataclass(frozen=True)
class SpeedPoint:
    """name: of the variant: its run, how far its gates are open and, where it is recorded, how
    gated work is executed."""

    name: str
    run: str
    fps: float
    AP: float

    @property
    def family(self) -> str:
        """The image model."""
        return self.run.split("+")[0]


Panels = dict[str, list[SpeedPoint]]  # by device


def ap_against_speed(
    paper: Paper,
    speed: dict[str, Any],
    records: Sequence[Record],
    folder: Path,
    sources: Sources,
) -> Figure | None:
    """AP of Table 2's runs against their speed. speed: results/full/speed.json."""
    devices = {one["name"]: measured_speeds(one, records) for one in speed["devices"]}
    devices = {name: points for name, points in devices.items() if points}
    if not devices:
        return None
    theirs = published_speeds(paper)
    name, dark = save_both(folder, NAME, lambda ink: _draw(devices, theirs, ink))
    measured = "; ".join(f"{device}: {_values(points, 2)}" for device, points in devices.items())
    return Figure(
        name,
        "AP against speed",
        "Scatter plots of AP against frames per second. "
        f"Measured on {measured}. Published: {_values(theirs, 1)}.",
        f"Measured: whole inference of full-size networks with untrained weights on "
        f"{'; '.join(devices)}; AP is that of the networks trained for this page. Published: on "
        "one V100. Hollow points are image models; filled ones have TPR, with as many of the gates "
        "set open as stands beside them. Axes differ; those of AP span as much.",
        sources,
        dark,
    )


def measured_speeds(device: dict[str, Any], records: Sequence[Record]) -> list[SpeedPoint]:
    """The variants whose runs have records; AP is the mean over seeds."""
    runs = by_run(records)
    points: list[SpeedPoint] = []
    for name, one in device["variants"].items():
        run = name.split(",")[0]
        if run in runs:
            ap = mean_metric([*runs[run].values()], "AP")
            points.append(SpeedPoint(name, run, one["inference"]["fps"], ap))
    return points


def published_speeds(paper: Paper) -> list[SpeedPoint]:
    """The rows of Table 2 that are models of the paper's own."""
    rows = [cells for cells in paper.rows("2").values() if "run" in cells and "FPS" in cells]
    return [SpeedPoint(one["run"], one["run"], one["FPS"], one["AP"]) for one in rows]


def _values(points: Sequence[SpeedPoint], digits: int) -> str:
    return "; ".join(f"{one.name} AP {one.AP:.1f} at {one.fps:.{digits}f} FPS" for one in points)


def _draw(devices: Panels, theirs: list[SpeedPoint], ink: Ink) -> Drawing:
    panels = devices | {"published": theirs}
    figure, grid = plt.subplots(
        1, len(panels), figsize=(WIDTH * max(1.0, len(panels) / 2), 3.3), squeeze=False
    )
    families = list(dict.fromkeys(one.family for points in panels.values() for one in points))
    colours = {name: ink.series[i % len(ink.series)] for i, name in enumerate(families)}
    each: list[Axes] = [*grid[0]]
    for axes, (title, points) in zip(each, panels.items(), strict=True):
        for family, colour in colours.items():
            line = [one for one in points if one.family == family]
            _draw_line(axes, line, colour, "D" if points is theirs else "o", ink)
        axes.set_title(title)
        axes.set_xlabel("frames per second")
        axes.margins(x=0.2)
        axes.grid(True)
    spans_alike(*each)
    each[0].set_ylabel("AP")
    for family, colour in colours.items():
        each[0].plot([], [], "-", lw=2, color=colour, label=family)
    figure.legend(fontsize=8, ncols=2, loc="outside upper left")
    return figure


def _draw_line(axes: Axes, line: Sequence[SpeedPoint], colour: str, marker: str, ink: Ink) -> None:
    """An image model, hollow, joined with its variants with TPR; beside these the share of open
    gates, above and below in turn, as some are equally fast."""
    axes.plot([one.fps for one in line], [one.AP for one in line], "-", lw=1, color=colour)
    for place, one in enumerate(line):
        routed = one.run != one.family
        axes.plot(one.fps, one.AP, marker, ms=5.5, mew=1.2, color=colour,
                  mfc=colour if routed else "none")  # fmt: skip
        if "gates " in one.name:
            share = one.name.split("gates ")[1].removesuffix(" open")
            axes.annotate(share, (one.fps, one.AP), (0, 6 if place % 2 else -13), fontsize=7,
                          textcoords="offset points", ha="center", color=ink.text)  # fmt: skip
