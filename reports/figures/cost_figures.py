"""The page's section on costs: its tables, CSV files and charts, from what there is."""

import hashlib
from typing import Any

from experiments.layout import Layout
from reports.costs.cost_cells import GATED_RUN, cost_view
from reports.costs.cost_frames import TABLES, Costs, cost_frame, load_costs
from reports.figures.figure import Figure, draw_or_recall
from reports.figures.stage_folders import stage_folder
from reports.paper.transcription import Paper, load_paper
from reports.records.run_record import Record, by_run
from tpr.files import write_atomically

# matplotlib is slow to load: reports.figures.cost_charts is imported where something is drawn


def cost_section(layout: Layout, records: list[Record]) -> dict[str, Any]:
    """What templates/costs.html shows; also writes the tables' CSV files."""
    paper = load_paper()
    costs, problems = load_costs(layout)
    for table in TABLES if costs else ():
        text = cost_frame(paper, table, costs, records).to_csv(index=False, lineterminator="\n")
        write_atomically(layout.tables / f"{table}-costs.csv", text)
    view = cost_view(layout, paper, costs, problems, records)
    return view | {"charts": _charts(layout, paper, costs, records)}


def _charts(layout: Layout, paper: Paper, costs: Costs, records: list[Record]) -> list[Figure]:
    drawn = [
        _against_cost(layout, paper, costs, records),
        _parts(layout, paper, costs),
        _clip(layout, records),
    ]
    return [figure for figure in drawn if figure]


def _against_cost(
    layout: Layout, paper: Paper, costs: Costs, records: list[Record]
) -> Figure | None:
    sources = {record.name: str(record.evaluate.get("key")) for record in records}

    def draw() -> Figure | None:
        from reports.figures.cost_charts import ap_against_cost

        return ap_against_cost(paper, costs, records, layout.figures, sources | _source(layout))

    known = sources | _source(layout) if costs and sources else {}
    return draw_or_recall(layout.figures, "ap-cost.png", known, draw)


def _parts(layout: Layout, paper: Paper, costs: Costs) -> Figure | None:
    def draw() -> Figure | None:
        from reports.figures.cost_charts import cost_by_part

        return cost_by_part(paper, costs, layout.figures, _source(layout))

    return draw_or_recall(layout.figures, "cost-parts.png", _source(layout), draw)


def _source(layout: Layout) -> dict[str, str]:
    """{"costs": hash of the file of costs}, {} without it."""
    if not layout.costs.is_file():
        return {}
    return {"costs": hashlib.sha256(layout.costs.read_bytes()).hexdigest()}


def _clip(layout: Layout, records: list[Record]) -> Figure | None:
    """The gates of one clip, from the evaluation folder of the first seed that is still there."""
    for record in by_run(records).get(GATED_RUN, {}).values():
        folder = stage_folder(layout.runs, record.evaluate)
        if folder and (folder / "gates.json").is_file():
            return _draw_clip(layout, record, folder / "gates.json")
    return draw_or_recall(layout.figures, "gates-clip.png", {}, lambda: None)


def _draw_clip(layout: Layout, record: Record, path: Any) -> Figure | None:
    sources = {record.name: str(record.evaluate.get("key"))}

    def draw() -> Figure | None:
        from reports.figures.gate_chart import open_over_clip

        return open_over_clip(path, record.name, layout.figures, sources)

    return draw_or_recall(layout.figures, "gates-clip.png", sources, draw)
