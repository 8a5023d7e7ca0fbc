"""Chart of the share of open gates over a clip."""
# pyright: reportUnknownMemberType=false

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure as Drawing

from reports.figures.figure import Figure, Sources
from reports.figures.theme import WIDTH, Ink, save_both

Row = dict[str, float]  # video, frame, and the share by level and in "all"


def open_over_clip(path: Path, title: str, folder: Path, sources: Sources) -> Figure | None:
    """Share of the gated work done in each frame of the clip in which it changes most, by level.

    path: gates.json of an evaluation (see tpr.inference.gate_log).
    """
    rows: list[Row] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    clip = liveliest(rows)
    if not clip:
        return None
    levels = [name for name in clip[0] if name not in ("video", "frame")]
    name, dark = save_both(folder, "gates-clip", lambda ink: _draw_clip(clip, levels, ink))
    means = ", ".join(f"{k} {100 * float(np.mean([r[k] for r in clip])):.1f} %" for k in levels)
    return Figure(
        name,
        "Open gates over a clip",
        f"Line plot by frame and level. Means over the clip: {means}.",
        f"{title}, video {clip[0]['video']}: the one whose share changes most. Share of the gated "
        "multiply-accumulates that is done, by pyramid level and in all.",
        sources,
        dark,
    )


def liveliest(rows: Sequence[Row]) -> list[Row]:
    """The rows, in the order of frames, of the video whose share "all" varies over the widest
    range."""
    clips: dict[float, list[Row]] = {}
    for row in rows:
        clips.setdefault(row["video"], []).append(row)
    return sorted(max(clips.values(), key=_range), key=lambda row: row["frame"]) if clips else []


def _range(clip: Sequence[Row]) -> float:
    return float(np.ptp([row["all"] for row in clip]))


def _draw_clip(clip: Sequence[Row], levels: list[str], ink: Ink) -> Drawing:
    figure, axes = plt.subplots(figsize=(WIDTH, 2.6))
    frames = [row["frame"] for row in clip]
    for index, level in enumerate(levels):
        whole = level == "all"
        colour = ink.text if whole else ink.series[index % len(ink.series)]
        shares = [100 * row[level] for row in clip]
        axes.plot(frames, shares, "o-", ms=3, lw=2 if whole else 1, color=colour, label=level)
    axes.set_xlabel("frame")
    axes.set_ylabel("gated work done, %")
    axes.set_ylim(bottom=0)
    axes.grid(True, axis="y")
    figure.legend(fontsize=8, ncols=6, loc="outside lower center")
    return figure
