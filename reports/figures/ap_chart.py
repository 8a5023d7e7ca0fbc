"""Chart of AP by row of a table: seeds, their mean and the published AP."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from experiments.declared.tables import Table
from reports.figures.figure import Figure, Sources
from reports.figures.theme import WIDTH, Ink, save_both
from reports.records.run_record import Record, by_run, mean_metric


def ap_by_variant(
    table: Table, records: Sequence[Record], sources: Sources, folder: Path
) -> Figure | None:
    """AP of each row beside the published one: a point for each seed, a bar at the mean."""
    runs = by_run(records)
    if not runs:
        return None
    name, dark = save_both(folder, f"ap-{table.id}", lambda ink: _draw_variants(table, runs, ink))
    means = {run: mean_metric([*runs[run].values()], "AP") for run in table.runs if run in runs}
    values = ", ".join(f"{run} {mean:.1f}" for run, mean in means.items())
    return Figure(
        name,
        f"AP by variant, {table.paper}",
        f"Dot plot of AP by variant. Mean over seeds: {values}.",
        "Points are seeds, the upright bar is their mean. Grey diamonds are the published AP, on "
        "their own scale of the same width: compare distances between rows, not positions.",
        sources,
        dark,
    )


def _draw_variants(table: Table, runs: dict[str, dict[int, Record]], ink: Ink) -> Drawing:
    height = 0.9 + 0.36 * len(table.runs)
    figure, (ours, paper) = plt.subplots(1, 2, figsize=(WIDTH, height), sharey=True)
    theirs = {row.run: row.published["AP"] for row in table.rows if "AP" in row.published}
    for place, run in enumerate(table.runs):
        values = [record.metric("AP") for record in runs.get(run, {}).values()]
        ours.plot(
            values,
            [place] * len(values),
            "o",
            ms=5,
            mew=0,
            alpha=0.75,
            color=ink.series[0],
        )
        if values:
            ours.plot([np.mean(values)], [place], "|", ms=15, mew=2, color=ink.series[0])
        if run in theirs:
            paper.plot([theirs[run]], [place], "D", ms=5, mew=0, color=ink.published)
    _same_width(ours, paper)
    ours.set_title("measured AP")
    paper.set_title("published AP")
    ours.set_yticks(range(len(table.runs)), table.runs)
    ours.set_ylim(len(table.runs) - 0.5, -0.5)
    for axes in (ours, paper):
        axes.grid(True, axis="x")
        axes.grid(True, axis="y", alpha=0.5)
        axes.spines["left"].set_visible(False)
    return figure


def _same_width(*axes: Axes) -> None:
    """Give axes limits of one width, so that a distance means the same in each."""
    drawn = [(one, *one.dataLim.intervalx) for one in axes if one.has_data()]
    width = max([1.0] + [high - low for _, low, high in drawn]) * 1.15
    for one, low, high in drawn:
        one.set_xlim((low + high - width) / 2, (low + high + width) / 2)
