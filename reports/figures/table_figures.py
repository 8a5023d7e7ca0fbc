"""The figures of one table's records: recalled if they are current, else drawn.

matplotlib, OpenCV and torch are slow to load and a rerun with nothing new to draw needs none of
them: the modules that draw are imported where they draw.
"""

from dataclasses import asdict

from experiments.stages.layout import Layout
from reports.evidence.load import TableEvidence
from reports.figures.curves import load_curves
from reports.figures.figure import Figure, Sources, digest, draw_or_recall
from reports.figures.videos.paired_runs import find_pair
from reports.figures.videos.trained_modules import find_trained
from reports.records.run_record import by_run

CLIPS = "clips.jsonl"  # the viewer's data, a line a clip


def ap_figure(layout: Layout, found: TableEvidence) -> Figure | None:
    table, records, folder = found.table, found.records, layout.figures
    sources = {record.name: record.measured for record in records}
    sources |= {table.paper: digest(asdict(table))} if sources else {}

    def draw() -> Figure | None:
        from reports.figures.ap_chart import ap_by_variant

        return ap_by_variant(table, records, sources, folder)

    return draw_or_recall(folder, f"ap-{table.id}.png", sources, ap_figure, draw)


def training_figure(layout: Layout, found: TableEvidence) -> Figure | None:
    """Curves of training; a kept chart of more trainings is not replaced by one of fewer, as
    training folders are deleted while records stay."""
    curves, sources = load_curves(layout.runs, found.records)
    stem = f"training-{found.table.id}"

    def draw() -> Figure | None:
        from reports.figures.training_chart import training_curves

        return training_curves(curves, sources, layout.figures, stem, len(found.records))

    known = {record.name: record.trained for record in found.records}
    return draw_or_recall(layout.figures, f"{stem}.png", sources, training_figure, draw, known)


def reference_effect_figure(layout: Layout, found: TableEvidence) -> Figure | None:
    trained = find_trained(layout.runs, found.table, found.records)
    name = f"brought-{found.table.id}.png"

    def draw() -> Figure | None:
        from reports.figures.videos.reference_effect import draw_reference_effect

        return draw_reference_effect(trained, layout.figures, name) if trained else None

    known = {record.name: record.trained for record in found.records}
    sources = trained.sources if trained else {}
    return draw_or_recall(layout.figures, name, sources, reference_effect_figure, draw, known)


def tracks_figure(layout: Layout, found: TableEvidence) -> Figure | None:
    pair = find_pair(layout.runs, found.table, found.records)
    name = f"tracks-{found.table.id}.jpg"

    def draw() -> Figure | None:
        from reports.figures.videos.track_sheet import draw_tracks

        return draw_tracks(pair, layout.figures, name) if pair else None

    known = {record.name: record.evaluated for record in found.records}
    sources = pair.sources if pair else {}
    return draw_or_recall(layout.figures, name, sources, tracks_figure, draw, known)


def viewer_figure(layout: Layout, found: TableEvidence, known: Sources) -> Figure | None:
    """Clips of a pair of runs; those drawn last where no pair has its results.

    known: digests of all evaluations, as the page has one viewer for all tables.
    """
    pair = find_pair(layout.runs, found.table, found.records)

    def draw() -> Figure | None:
        from reports.figures.videos.clip_viewer import draw_viewer

        if pair is None:
            return None
        better = by_run(found.records)[pair.runs[1]][pair.seed]
        return draw_viewer(pair, better, layout.runs, layout.figures, CLIPS)

    sources = pair.sources if pair else {}
    return draw_or_recall(layout.figures, CLIPS, sources, viewer_figure, draw, known)
