"""Builds a profile's tables and page: `python -m reports.build --profile mini`.

Works with no, some or all records, so that the page is of use while the suite runs.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from experiments.layout import ROOT, Layout
from reports.claims.claim_rows import claim_groups, strip_reach
from reports.claims.judging import ClaimResult, judge_all
from reports.difficulty.ap_by_part import Aps, Part, headline_pairs, parts
from reports.difficulty.part_tables import difficulty_tables
from reports.evidence.table_frames import table_frame, write_tables
from reports.figures.cost_figures import cost_section
from reports.figures.curves import load_curves
from reports.figures.figure import Figure, draw_or_recall
from reports.page import table_cells as view
from reports.page.categories import category_table
from reports.page.latex import latex_table
from reports.page.rendering import render_html, render_markdown, text_uri
from reports.paper.cited import COLUMNS, cited_rows
from reports.paper.published_tables import Table, load_about, load_tables
from reports.paper.transcription import load_paper
from reports.records.comparable import comparable
from reports.records.failed import Failed
from reports.records.pool import load_pool, own_view
from reports.records.run_record import Record, by_run
from tpr.command import command
from tpr.files import write_atomically

Chosen = dict[str, tuple[list[Record], list[str]]]  # by table: records, lines on those left out


def build(profile: str, root: Path = ROOT) -> Path:
    """Write tables, figures, report.md and index.html of a profile; returns the page's path."""
    layout = Layout(profile, root)
    tables, about = load_tables(layout.manifests), load_about(layout.manifests, profile)
    pool = load_pool(layout)
    chosen = {table.id: comparable(table, pool.shown) for table in tables}
    write_tables(profile, root)
    results = judge_all((table, chosen[table.id][0]) for table in tables)
    used = _used(chosen)
    content = _content(layout, tables, chosen, results, pool.failed)
    content |= _figures(layout, tables, chosen)
    found = parts(used)
    content["difficulty"] = difficulty_tables(found) if found else []
    content["categories"] = category_table(used)
    content["difficulty_figure"] = _difficulty(layout, tables, used, found)
    content["costs"] = cost_section(layout, used)
    content |= {
        "profile": profile,
        "cited_columns": COLUMNS,
        "head": view.headline(profile, about, tables, used, results),
        "problems": pool.problems + content.pop("failures"),
        "own": own_view(pool, results),
        "provenance": [view.provenance_row(record) for record in used],
        "machines": view.machines(used),
        "packages": view.package_sets(used),
        "history": _history(layout.history),
    }
    write_atomically(layout.report / "report.md", render_markdown(content))
    return write_atomically(layout.page, render_html(content, layout.figures))


def _history(path: Path) -> str:
    """The profile's history, its headings below the page's own."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return re.sub(r"^#{1,6} ", "### ", text, flags=re.MULTILINE)


def _used(chosen: Chosen) -> list[Record]:
    """Each record that some table shows, once, in the order of the tables' rows."""
    return list({record.name: record for group, _ in chosen.values() for record in group}.values())


def _content(
    layout: Layout,
    tables: list[Table],
    chosen: Chosen,
    results: list[ClaimResult],
    failed: list[Failed],
) -> dict[str, Any]:
    paper, frames = load_paper(), []
    for table in tables:
        records, problems = chosen[table.id]
        frame = table_frame(table, records, failed)
        found = view.table_view(table, frame, problems)
        text = latex_table(found, layout.profile)
        write_atomically(layout.tables / f"{table.id}.tex", text)
        files = {f"{table.id}.csv": frame.to_csv(index=False), f"{table.id}.tex": text}
        downloads = {name: text_uri(content) for name, content in files.items()}
        frames.append(found | {"cited": cited_rows(paper, table.id), "downloads": downloads})
    claims = claim_groups(layout.profile, tables, results)
    return {"tables": frames, "claims": claims, "reach": view.number(strip_reach(results))}


def _figures(layout: Layout, tables: list[Table], chosen: Chosen) -> dict[str, Any]:
    """Charts by table id, pictures of tracks; what cannot be drawn keeps its last drawing."""
    charts: dict[str, list[Figure]] = {}
    pictures, failures, viewer = [], [], None
    for table in tables:
        records = chosen[table.id][0]
        tracks = () if any(one.name.startswith("tracks") for one in pictures) else (_tracks,)
        drawn = [
            _tried(figure, layout, table, records, failures)
            for figure in (_variants, _curves, _brought, *tracks)
        ]
        charts[table.id] = [one for one in drawn[:2] if one]
        pictures += [one for one in drawn[2:] if one]
        viewer = viewer or _tried(_viewer, layout, table, records, failures)
    return {"charts": charts, "pictures": pictures, "viewer": viewer, "failures": failures}


def _tried(
    figure: Callable[..., Figure | None],
    layout: Layout,
    table: Table,
    records: list[Record],
    failures: list[str],
) -> Figure | None:
    """A figure of a table; None, and a line on why, where its data are broken."""
    try:
        return figure(layout, table, records)
    except (ValueError, KeyError, OSError) as error:
        failures.append(f"{table.paper}, no figure of {figure.__name__[1:]}: {error}")
        return None


# matplotlib and OpenCV are slow to load and a rerun with nothing new to draw needs neither: the
# functions below import them where they draw


def _variants(layout: Layout, table: Table, records: list[Record]) -> Figure | None:
    def draw() -> Figure | None:
        from reports.figures.ap_chart import ap_by_variant

        return ap_by_variant(table, records, layout.figures)

    sources = {record.name: str(record.evaluate.get("key")) for record in records}
    return draw_or_recall(layout.figures, f"ap-{table.id}.png", sources, draw)


def _curves(layout: Layout, table: Table, records: list[Record]) -> Figure | None:
    curves, sources = load_curves(layout.runs, records)

    def draw() -> Figure | None:
        from reports.figures.training_chart import training_curves

        return training_curves(curves, sources, layout.figures, f"training-{table.id}")

    # Folders go and records stay: a picture of more of them is not replaced by one of fewer.
    known = {record.name: record.train["key"] for record in records}
    return draw_or_recall(layout.figures, f"training-{table.id}.png", sources, draw, known)


def _tracks(layout: Layout, table: Table, records: list[Record]) -> Figure | None:
    from reports.figures.paired_runs import find_pair

    pair = find_pair(layout.runs, table, records)

    def draw() -> Figure | None:
        from reports.figures.track_sheet import draw_tracks

        return draw_tracks(pair, layout.figures, f"tracks-{table.id}.jpg")

    sources = pair.sources if pair else {}
    return draw_or_recall(layout.figures, f"tracks-{table.id}.jpg", sources, draw)


def _viewer(layout: Layout, table: Table, records: list[Record]) -> Figure | None:
    """Clips of a pair of runs; without one at hand those drawn last."""
    from reports.figures.paired_runs import find_pair

    pair = find_pair(layout.runs, table, records)

    def draw() -> Figure | None:
        from reports.figures.clip_viewer import draw_viewer

        better = by_run(records)[pair.runs[1]][pair.seed]
        return draw_viewer(pair, better, layout.runs, layout.figures)

    return draw_or_recall(layout.figures, "clips.jsonl", pair.sources if pair else {}, draw)


def _brought(layout: Layout, table: Table, records: list[Record]) -> Figure | None:
    from reports.figures.reference_effect import find_trained

    trained = find_trained(layout.runs, table, records)

    def draw() -> Figure | None:
        from reports.figures.reference_effect import draw_brought

        return draw_brought(trained, layout.figures, f"brought-{table.id}.png")

    sources = trained.sources if trained else {}
    return draw_or_recall(layout.figures, f"brought-{table.id}.png", sources, draw)


def _difficulty(
    layout: Layout, tables: list[Table], records: list[Record], found: dict[Part, Aps]
) -> Figure | None:
    pairs = headline_pairs(tables) if found else []
    runs = {run for pair in pairs for run in pair}
    sources = {r.name: str(r.evaluate.get("key")) for r in records if r.run in runs}

    def draw() -> Figure | None:
        from reports.figures.difficulty_chart import gain_by_difficulty

        return gain_by_difficulty(found, pairs, sources, layout.figures)

    return draw_or_recall(layout.figures, "difficulty.png", sources, draw) if pairs else None


@command
def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m reports.build", description=__doc__)
    parser.add_argument("--profile", default="mini")
    options = parser.parse_args(arguments)
    print(build(options.profile))


if __name__ == "__main__":
    sys.exit(main())
