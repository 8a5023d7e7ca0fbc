"""A report as a picture: differences with their intervals. Needs matplotlib."""
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from pathlib import Path

from tpr.evaluation.output.report import Report, letters
from tpr.files import replacing
from tpr.terminal import printable


def check_plot(path: Path) -> None:
    """ValueError where matplotlib is missing or does not write files of this name."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ValueError("--plot needs matplotlib: pip install matplotlib") from None
    if path.suffix[1:].lower() not in Figure().canvas.get_supported_filetypes():
        raise ValueError(f"--plot {path}: name it .png, .svg or .pdf")


def save_plot(report: Report, path: Path) -> None:
    """Differences of all results to the first one, in points."""
    from matplotlib.figure import Figure

    others = report["results"][1:]
    figure = Figure(figsize=(7, 1.2 + 0.9 * len(others)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color="0.6", linewidth=1)
    places: list[float] = []
    labels: list[str] = []
    for index, (letter, result) in enumerate(
        zip(letters(len(others) + 1)[1:], others, strict=True)
    ):
        color = f"C{index}"
        for stat, one in result["differences"].items():
            place = -len(places) - 0.5 * index  # a gap between results
            places.append(place)
            labels.append(f"{stat}, {letter} - A")
            if one["low"] is not None:
                ends = [100 * one["low"], 100 * one["high"]]
                axes.plot(ends, [place, place], color=color, linewidth=3)
            if one["value"] is not None:
                axes.plot(100 * one["value"], place, "o", color=color)
    axes.set_yticks(places, labels)
    level, videos = report["level"], report["videos"]
    axes.set_xlabel(f"points; lines: the middle {level:.0%} over {videos} videos")
    name = printable(report["results"][0]["file"], 60).replace("$", r"\$")
    axes.set_title(f"A: {name}", fontsize="medium")
    with replacing(path) as draft:
        figure.savefig(draft, format=path.suffix[1:].lower(), dpi=150)
