"""The figures of all records of a profile: gain by difficulty, costs, gates over a clip.

As in table_figures, slow libraries are imported only where something is drawn.
"""

from pathlib import Path

from experiments.stages.layout import Layout
from reports.costs.cost_cells import GATED_RUN
from reports.difficulty.ap_by_part import headline_pairs
from reports.doses.gain_curves import Curves
from reports.errors.error_changes import changes_of, error_pairs
from reports.errors.error_rows import with_losses
from reports.evidence.load import Evidence
from reports.figures.figure import Figure, Sources, digest, draw_or_recall
from reports.figures.stage_folders import stage_folder
from reports.mechanism.section import mechanisms
from reports.paper.transcription import Paper
from reports.records.run_record import by_run
from reports.scale.plane import Scales
from reports.trackers.tracker_gains import TrackerGains
from tpr.files import sha256


def difficulty_figure(layout: Layout, evidence: Evidence) -> Figure | None:
    parts = evidence.difficulty
    pairs = headline_pairs([one.table for one in evidence.tables]) if parts else []
    runs = {run for pair in pairs for run in pair}
    sources = {one.name: one.measured for one in evidence.records if one.run in runs}
    sources |= {"pairs": digest(pairs)} if sources else {}

    def draw() -> Figure | None:
        from reports.figures.difficulty_chart import gain_by_difficulty

        return gain_by_difficulty(parts, pairs, sources, layout.figures)

    if not pairs:
        return None
    return draw_or_recall(layout.figures, "difficulty.png", sources, difficulty_figure, draw)


def mechanism_figure(layout: Layout, evidence: Evidence) -> Figure | None:
    found = mechanisms(evidence)
    runs = list(dict.fromkeys(name for one in found for name in (one.run.split("+")[0], one.run)))
    sources = {one.name: one.measured for one in evidence.records if one.run in runs}
    sources |= {"runs": digest(runs)} if sources else {}

    def draw() -> Figure | None:
        from reports.figures.mechanism_chart import gain_beside_alignment

        return gain_beside_alignment(found, sources, layout.figures)

    if not found:
        return None
    return draw_or_recall(layout.figures, "mechanism.png", sources, mechanism_figure, draw)


def errors_figure(layout: Layout, evidence: Evidence) -> Figure | None:
    """The chart of how modules change the AP that is lost to each kind of error."""
    pairs = error_pairs([one.table for one in evidence.tables])
    changes = changes_of(with_losses(evidence.records), pairs)
    runs = {run for one in changes for run in (one.better, one.than)}
    sources = {one.name: one.measured for one in evidence.records if one.run in runs}
    sources |= {"pairs": digest(pairs)} if sources else {}

    def draw() -> Figure | None:
        from reports.figures.error_chart import change_by_kind

        return change_by_kind(changes, sources, layout.figures)

    if not changes:
        return None
    return draw_or_recall(layout.figures, "errors.png", sources, errors_figure, draw)


def doses_figure(layout: Layout, curves: Curves | None) -> Figure | None:
    """Gain against dose of runs that were trained without one."""
    if curves is None or all(one.trained for one in curves.known):
        return None
    found, sources = curves, Sources(curves.sources)

    def draw() -> Figure | None:
        from reports.figures.dose_chart import gain_against_dose

        return gain_against_dose(found, sources, layout.figures)

    return draw_or_recall(layout.figures, "doses.png", sources, doses_figure, draw)


def trackers_figure(layout: Layout, found: TrackerGains | None) -> Figure | None:
    """Gain by part and by tracker, where the parts are known."""
    if found is None or not found.parts:
        return None
    gains, sources = found, Sources(found.sources)

    def draw() -> Figure | None:
        from reports.figures.tracker_chart import gain_by_tracker

        return gain_by_tracker(gains, sources, layout.figures)

    return draw_or_recall(layout.figures, "trackers.png", sources, trackers_figure, draw)


def scale_figure(layout: Layout, scales: Scales | None) -> Figure | None:
    """Gain against width and number of training videos."""
    if scales is None or not any(scales.gain(run, c) for run in scales.runs for c in scales.fitted):
        return None
    found, sources = scales, {one.name: one.measured for one in scales.records}
    if layout.scale_prediction.is_file():
        sources["prediction"] = sha256(layout.scale_prediction)

    def draw() -> Figure | None:
        from reports.figures.scale_chart import gain_against_scale

        return gain_against_scale(found, sources, layout.figures)

    return draw_or_recall(layout.figures, "scale.png", sources, scale_figure, draw)


def ap_against_cost_figure(layout: Layout, evidence: Evidence) -> Figure | None:
    records, costs = evidence.records, evidence.costs.costs
    drawn_from = {record.name: record.measured for record in records}
    sources = drawn_from | _cost_sources(layout, evidence.paper) if costs and records else {}

    def draw() -> Figure | None:
        from reports.figures.cost_charts import ap_against_cost

        return ap_against_cost(evidence.paper, costs, records, layout.figures, sources)

    return draw_or_recall(layout.figures, "ap-cost.png", sources, ap_against_cost_figure, draw)


def ap_against_speed_figure(layout: Layout, evidence: Evidence) -> Figure | None:
    records, speed = evidence.records, evidence.costs.speed
    if speed is None or not records:
        return None
    sources = {record.name: record.measured for record in records}
    sources |= {
        "speed": sha256(layout.speed),
        "published speeds": digest(evidence.paper.tables["2"]),
    }

    def draw() -> Figure | None:
        from reports.figures.speed_chart import ap_against_speed

        return ap_against_speed(evidence.paper, speed, records, layout.figures, sources)

    return draw_or_recall(layout.figures, "ap-speed.png", sources, ap_against_speed_figure, draw)


def cost_parts_figure(layout: Layout, evidence: Evidence) -> Figure | None:
    sources = _cost_sources(layout, evidence.paper)

    def draw() -> Figure | None:
        from reports.figures.cost_charts import cost_by_part

        return cost_by_part(evidence.paper, evidence.costs.costs, layout.figures, sources)

    return draw_or_recall(layout.figures, "cost-parts.png", sources, cost_parts_figure, draw)


def _cost_sources(layout: Layout, paper: Paper) -> Sources:
    """Digests of the file of costs and of what the paper says of them; {} without the file."""
    if not layout.costs.is_file():
        return {}
    return {"costs": sha256(layout.costs), "published costs": digest(paper.tables["1f"])}


def gates_figure(layout: Layout, evidence: Evidence) -> Figure | None:
    """The gates of one clip, from the evaluation folder of the first seed that is still there."""
    title, sources, path = "", Sources(), Path()
    for record in by_run(evidence.records).get(GATED_RUN, {}).values():
        folder = stage_folder(layout.runs, record.evaluate)
        if folder and (folder / "gates.json").is_file():
            title, path = record.name, folder / "gates.json"
            sources = {record.name: record.evaluated}
            break

    def draw() -> Figure | None:
        from reports.figures.gate_chart import open_over_clip

        return open_over_clip(path, title, layout.figures, sources)

    known = {record.name: record.evaluated for record in evidence.records}
    return draw_or_recall(layout.figures, "gates-clip.png", sources, gates_figure, draw, known)
