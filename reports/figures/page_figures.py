"""All figures that a profile's page shows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from experiments.stages.layout import Layout
from reports.doses.gain_curves import Curves
from reports.evidence.load import Evidence
from reports.figures.figure import Figure
from reports.figures.profile_figures import (
    ap_against_cost_figure,
    ap_against_speed_figure,
    cost_parts_figure,
    difficulty_figure,
    doses_figure,
    errors_figure,
    gates_figure,
    mechanism_figure,
    scale_figure,
    trackers_figure,
)
from reports.figures.table_figures import (
    ap_figure,
    reference_effect_figure,
    tracks_figure,
    training_figure,
    viewer_figure,
)
from reports.scale.plane import Scales
from reports.trackers.tracker_gains import TrackerGains


@dataclass(frozen=True)
class PageFigures:
    """The figures of a page that exist, drawn now or earlier.

    charts: below each table, by its id; pictures: of what modules take from the reference, and of
    tracks, in the order of the tables; viewer: two clips frame by frame; costs: charts of the
    section on costs; failures: a line for each figure whose data are broken, or that shows other
    results.
    """

    charts: dict[str, list[Figure]]
    pictures: list[Figure]
    viewer: Figure | None
    mechanism: Figure | None
    difficulty: Figure | None
    errors: Figure | None
    doses: Figure | None
    trackers: Figure | None
    scale: Figure | None
    costs: list[Figure]
    failures: list[str]


def draw_figures(
    layout: Layout,
    evidence: Evidence,
    doses: Curves | None = None,
    trackers: TrackerGains | None = None,
    scales: Scales | None = None,
) -> PageFigures:
    """Draws or recalls each. Of tracks and clips there is one: of the first table that has any."""
    pictures: list[Figure] = []
    failures: list[str] = []
    tracks = viewer = None

    def tried(what: str, draw: Callable[..., Figure | None], *shown: Any) -> Figure | None:
        """The figure that `draw` returns; None, and a line in `failures`, where its data are broken
        or gone."""
        try:
            return draw(layout, *shown)
        except (ValueError, KeyError, OSError) as error:
            failures.append(f"{what}: {error}")
            return None

    known = {record.name: record.evaluated for record in evidence.records}
    charts: dict[str, list[Figure]] = {one.table.id: [] for one in evidence.tables}
    for one in (one for one in evidence.tables if not one.table.of_measures):
        paper = one.table.paper
        charts[one.table.id] = _drawn(
            tried(f"{paper}, no figure of variants", ap_figure, one),
            tried(f"{paper}, no figure of curves", training_figure, one),
        )
        pictures += _drawn(tried(f"{paper}, no figure of brought", reference_effect_figure, one))
        if tracks is None:
            tracks = tried(f"{paper}, no figure of tracks", tracks_figure, one)
            pictures += _drawn(tracks)
        if viewer is None:
            viewer = tried(f"{paper}, no viewer of clips", viewer_figure, one, known)
    return PageFigures(
        charts,
        pictures,
        viewer,
        tried("no figure of the mechanism", mechanism_figure, evidence),
        tried("no figure of gains by difficulty", difficulty_figure, evidence),
        tried("no figure of kinds of errors", errors_figure, evidence),
        tried("no figure of gain against dose", doses_figure, doses),
        tried("no figure of gain by tracker", trackers_figure, trackers),
        tried("no figure of gain against scale", scale_figure, scales),
        _drawn(
            tried("no figure of AP against cost", ap_against_cost_figure, evidence),
            tried("no figure of AP against speed", ap_against_speed_figure, evidence),
            tried("no figure of costs by part", cost_parts_figure, evidence),
            tried("no figure of gates over a clip", gates_figure, evidence),
        ),
        failures,
    )


def _drawn(*figures: Figure | None) -> list[Figure]:
    return [figure for figure in figures if figure]
