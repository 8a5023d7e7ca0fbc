"""Charts of costs: AP against cost, and cost by part."""
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Rectangle

from reports.costs.cost_frames import GIGA, MEGA, Costs, open_shares
from reports.figures.figure import Figure, Sources
from reports.figures.theme import WIDTH, Ink, save_both
from reports.paper.transcription import Cells, Paper
from reports.records.run_record import Record, by_run, mean_metric
from tpr.cost import conventions
from tpr.cost.conventions import Cost

ROWS = ("baseline-r50", "tpr-r50", "baseline-r101", "tpr-r101")  # of Table 1(f)
BY_PART = {"published": conventions.published_by_part, "executed": conventions.executed_by_part}
Bars = dict[tuple[str, str], dict[str, float]]  # (run, convention) -> G by group of parts
GROUPS = {  # parts of a model, as the bars stack them
    "backbone": ("backbone",),
    "FPN, P6, P7": ("FPN", "P6, P7"),
    "FCOS": ("FCOS towers", "class and centerness", "box sides"),
    "masks": ("top layer", "basis", "masks of the detections"),
    "tracking": ("tracking head",),
}


def ap_against_cost(
    paper: Paper, costs: Costs, records: Sequence[Record], folder: Path, sources: Sources
) -> Figure | None:
    """AP of Table 1(f)'s runs against GFLOPs and parameters, published points in grey."""
    ours = measured_points(paper, costs, records)
    if not ours:
        return None
    theirs = published_points(paper)
    name, dark = save_both(folder, "ap-cost", lambda ink: _draw_points(ours, theirs, ink))
    values = "; ".join(f"{run} AP {y:.1f} at {x:.1f} G" for run, (x, _, y) in ours.items())
    return Figure(
        name,
        "AP against cost",
        f"Scatter plots of AP against GFLOPs and parameters. {values}.",
        "Costs are those of the full-size networks under the published convention, gates as open "
        "as trained here (closed where that is not recorded). Grey diamonds: published, their AP "
        "on the right axis, which spans as much. Lines join a baseline and its TPR model.",
        sources,
        dark,
    )


Points = dict[str, tuple[float, float, float]]  # run -> GFLOPs, parameters in M, AP


def measured_points(paper: Paper, costs: Costs, records: Sequence[Record]) -> Points:
    """Our models: AP is the mean over seeds, GFLOPs those with gates open as on average."""
    runs = by_run(records)
    points: Points = {}
    for row in ROWS:
        run: str = paper.row("1f", row)["run"]
        if run in runs and run in costs:
            shares = open_shares(records, run)
            opened = shares["all"]["mean"] if shares else 0.0
            ap = mean_metric([*runs[run].values()], "AP")
            flops = conventions.published(costs[run], opened) / GIGA
            points[run] = (flops, conventions.parameters(costs[run]) / MEGA, ap)
    return points


def published_points(paper: Paper) -> Points:
    """The paper's models; where it prints a difference, the row it refers to is added."""
    points: Points = {}
    for row in ROWS:
        cells = paper.row("1f", row)
        start: Cells = paper.row("1f", cells["to"]) if "to" in cells else {}
        flops = cells.get(
            "GFLOPs_avg", start.get("GFLOPs_avg", 0) + cells.get("added_GFLOPs_avg", 0)
        )
        params = cells.get("params", start.get("params", 0) + cells.get("added_params", 0))
        points[cells["run"]] = (flops, params, cells["AP"])
    return points


def _draw_points(ours: Points, theirs: Points, ink: Ink) -> Drawing:
    figure, panels = plt.subplots(1, 2, figsize=(WIDTH, 2.9), sharey=True)
    last = len(panels) - 1
    for place, (axes, label) in enumerate(zip(panels, ("GFLOPs", "parameters, M"), strict=True)):
        right = axes.twinx()
        _series(axes, ours, place, "o", ink.series[0])
        _series(right, theirs, place, "D", ink.published)
        _name_backbones(right, theirs, place, ink.published)
        spans_alike(axes, right)
        axes.set_xlabel(label)
        axes.grid(True)
        right.spines["right"].set_visible(False)
        right.tick_params(labelcolor=ink.published, labelright=place == last)
        if place == last:
            right.set_ylabel("published AP", color=ink.published)
    panels[0].set_ylabel("measured AP")
    return figure


def _series(axes: Axes, points: Points, place: int, marker: str, colour: str) -> None:
    for baseline in [run for run in points if "+" not in run]:
        pair = [points[run] for run in (baseline, f"{baseline}+tpr") if run in points]
        axes.plot([p[place] for p in pair], [p[2] for p in pair], "-", lw=1, color=colour)
    xs, ys = [p[place] for p in points.values()], [p[2] for p in points.values()]
    axes.plot(xs, ys, marker, ms=5, mew=0, color=colour)


def _name_backbones(axes: Axes, points: Points, place: int, colour: str) -> None:
    for run, point in points.items():
        if "+" not in run:
            where = (point[place], point[2])
            name = run.split("-")[-1].upper()
            axes.annotate(
                name, where, (6, -9), textcoords="offset points", fontsize=8, color=colour
            )


def spans_alike(*axes: Axes) -> None:
    """Gives vertical axes limits of one height."""
    spans = [one.dataLim.intervaly for one in axes]
    height = max(1.0, *(float(np.ptp(span)) for span in spans)) * 1.3
    for one, span in zip(axes, spans, strict=True):
        middle = float(np.mean(span))
        one.set_ylim(middle - height / 2, middle + height / 2)


def cost_by_part(paper: Paper, costs: Costs, folder: Path, sources: Sources) -> Figure | None:
    """Stacked bars of Table 1(f)'s models under both conventions."""
    runs: list[str] = [paper.row("1f", row)["run"] for row in ROWS]
    bars: Bars = {
        (run, convention): stack(costs[run], convention)
        for run in runs
        if run in costs
        for convention in BY_PART
    }
    if not bars:
        return None
    theirs = {run: point[0] for run, point in published_points(paper).items()}
    name, dark = save_both(folder, "cost-parts", lambda ink: _draw_bars(bars, theirs, ink))
    values = "; ".join(f"{run}, {kind}: {sum(b.values()):.1f} G" for (run, kind), b in bars.items())
    return Figure(
        name,
        "Cost by part",
        f"Stacked bars of GFLOPs by part, gates open. {values}.",
        "The published convention leaves out what the paper's tool did not see; grey diamonds are "
        "the published totals. “Behind gates” is what open gates add to closed ones.",
        sources,
        dark,
    )


def stack(cost: Cost, convention: str) -> dict[str, float]:
    """G by group of parts; the temporal module's work apart, as what always runs and what open
    gates add."""
    by_part = BY_PART[convention](cost)
    out = {
        group: sum(by_part.get(part, 0) for part in parts) / GIGA for group, parts in GROUPS.items()
    }
    always = conventions.added(cost, convention, 0.0) / GIGA
    out["temporal, always"] = always
    out["temporal, behind gates"] = conventions.added(cost, convention, 1.0) / GIGA - always
    return out


def _draw_bars(bars: Bars, theirs: dict[str, float], ink: Ink) -> Drawing:
    figure, axes = plt.subplots(figsize=(WIDTH, 0.9 + 0.34 * len(bars)))
    groups = list(next(iter(bars.values())))
    for place, ((run, convention), parts) in enumerate(bars.items()):
        left = 0.0
        for index, group in enumerate(groups):
            last = index == len(groups) - 1
            colour = ink.series[min(index, len(ink.series) - 1)]
            axes.barh(place, parts[group], 0.7, left, color=colour, alpha=0.4 if last else 1)
            left += parts[group]
        if convention == "published":
            axes.plot([theirs[run]], [place], "D", ms=5, color=ink.text, mfc=ink.published)
    axes.set_yticks(range(len(bars)), [f"{run.split('-')[-1]}, {kind}" for run, kind in bars])
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_xlabel("GFLOPs a frame")
    axes.grid(True, axis="x")
    handles = [
        Rectangle((0, 0), 1, 1, color=ink.series[min(i, len(ink.series) - 1)],
                  alpha=0.4 if i == len(groups) - 1 else 1)
        for i in range(len(groups))
    ]  # fmt: skip
    figure.legend(handles, groups, fontsize=7, ncols=4, loc="outside lower center")
    return figure
