"""Gain against scale: which runs are trained at which widths and numbers of videos, by profile.

scale.yaml, beside the other manifests:

    midi:
      baseline: blendmask-r50
      runs: [blendmask-r50, blendmask-r50+tpr]
      seeds: [0, 1, 2]
      widths: [0.5, 1, 2]
      times: [0.65, 1, 2.4]
      videos: [300, 600, 1200]
      full: {width: 4, videos: 1936}
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from experiments.declared.doses import check_runs
from experiments.declared.manifest_errors import Source, Step
from experiments.declared.profile_names import check_profiles
from experiments.declared.typed_yaml import load_typed

FILE = "scale.yaml"
SCALE, HELD_OUT = TARGETS = "scale", "scale-held-out"
FEWEST = 3  # widths, and numbers of videos: a plane needs two, and the largest is held out


@dataclass(frozen=True)
class Cell:
    """width: factor on the profile's channels; videos: for training."""

    width: float
    videos: int

    @property
    def part(self) -> str:
        """As "width-0.5-videos-300", in names of stages and files."""
        return f"width-{self.width:g}-videos-{self.videos}"

    @classmethod
    def of(cls, part: str) -> Cell:
        _, width, _, videos = part.split("-")
        return cls(float(width), int(videos))

    def doublings(self, start: Cell) -> float:
        """From `start` to here, of the width and of the videos together."""
        return math.log2(self.width / start.width) + math.log2(self.videos / start.videos)


@dataclass(frozen=True)
class ScaleGrid:
    """Of one profile. baseline: the run that gains are counted from; widths, videos: rising;
    times: of a stage at each width, in those of width 1; full: where the profile `full` lies."""

    baseline: str
    runs: list[str]
    seeds: list[int]
    widths: list[float]
    times: list[float]
    videos: list[int]
    full: Cell

    @property
    def largest(self) -> Cell:
        return Cell(self.widths[-1], self.videos[-1])

    @property
    def nearest(self) -> Cell:
        """To the largest, of the cells that predictions follow from."""
        return Cell(self.widths[-2], self.videos[-2])

    def cells(self, *, held_out: bool) -> list[Cell]:
        """held_out: those of the largest width or the most videos; else the others."""
        cells = [Cell(width, videos) for width in self.widths for videos in self.videos]
        most = self.largest
        return [
            one
            for one in cells
            if (one.width == most.width or one.videos == most.videos) == held_out
        ]


def load_scales(manifests: Path, runs: Collection[str]) -> dict[str, ScaleGrid]:
    """Grids by profile; none where there is no file. runs: the declared ones. Raises
    ManifestError."""
    if not (manifests / FILE).is_file():
        return {}
    found, source = load_typed(manifests / FILE, dict[str, ScaleGrid])
    check_profiles(found, manifests, source)
    for profile, grid in found.items():
        check_runs(grid.runs, grid.baseline, runs, source, profile)
        check_rising(grid.widths, source, profile, "widths")
        check_rising(grid.videos, source, profile, "videos")
        if len(grid.times) != len(grid.widths):
            raise source.error("times needs one for each of widths", profile, "times")
        if not grid.seeds:
            raise source.error("seeds is empty", profile, "seeds")
    return found


def check_rising(values: list[float] | list[int], source: Source, *place: Step) -> None:
    """Raises ManifestError unless there are FEWEST, above 0 and rising."""
    name = place[-1]
    if len(values) < FEWEST:
        raise source.error(f"{name} needs {FEWEST} values or more", *place)
    for i, (before, value) in enumerate(zip([0, *values], values, strict=False)):
        if value <= before:
            raise source.error(f"{name} must rise from above 0: {value:g} comes after {before:g}",
                               *place, i)  # fmt: skip
