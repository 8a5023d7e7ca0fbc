"""All figures that a profile's page shows."""

from collections.abc import Callable
from dataclasses import dataclass

from experiments.stages.layout import Layout
from reports.evidence.load import Evidence, TableEvidence
from reports.figures.figure import Figure
from reports.figures.profile_figures import (
    ap_against_cost_figure,
    cost_parts_figure,
    difficulty_figure,
    gates_figure,
)
from reports.figures.table_figures import (
    ap_figure,
    reference_effect_figure,
    tracks_figure,
    training_figure,
    viewer_figure,
)

DrawTable = Callable[[Layout, TableEvidence], Figure | None]


@dataclass(frozen=True)
class PageFigures:
    """What could be drawn, now or earlier.

    charts: below each table, by its id; pictures: of what modules bring, and of tracks, in the
    order of the tables; viewer: two clips frame by frame; costs: charts of the section on costs;
    failures: a line for each figure whose data are broken.
    """

    charts: dict[str, list[Figure]]
    pictures: list[Figure]
    viewer: Figure | None
    difficulty: Figure | None
    costs: list[Figure]
    failures: list[str]


def draw_figures(layout: Layout, evidence: Evidence) -> PageFigures:
    """Draws or recalls each. Of tracks and clips there is one: of the first table that has any."""
    charts: dict[str, list[Figure]] = {}
    pictures: list[Figure] = []
    failures: list[str] = []
    tracks = viewer = None

    def tried(what: str, draw: DrawTable, one: TableEvidence) -> Figure | None:
        """None, and a line in `failures`, where the figure's data are broken."""
        try:
            return draw(layout, one)
        except (ValueError, KeyError, OSError) as error:
            failures.append(f"{one.table.paper}, no figure of {what}: {error}")
            return None

    for one in evidence.tables:
        charts[one.table.id] = _drawn(
            tried("variants", ap_figure, one), tried("curves", training_figure, one)
        )
        pictures += _drawn(tried("brought", reference_effect_figure, one))
        if tracks is None:
            tracks = tried("tracks", tracks_figure, one)
            pictures += _drawn(tracks)
        if viewer is None:
            viewer = tried("viewer", viewer_figure, one)
    return PageFigures(
        charts,
        pictures,
        viewer,
        difficulty_figure(layout, evidence),
        _drawn(
            ap_against_cost_figure(layout, evidence),
            cost_parts_figure(layout, evidence),
            gates_figure(layout, evidence),
        ),
        failures,
    )


def _drawn(*figures: Figure | None) -> list[Figure]:
    return [figure for figure in figures if figure]
