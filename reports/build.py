"""Builds a profile's tables and page: `python -m reports.build --profile mini`.

Works with no, some or all records, so that the page is of use while the suite runs.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from reports import view
from reports.claims import ClaimResult, judge
from reports.collect import Record, comparable, load_records, table_frame, write_tables
from reports.curves import load_curves
from reports.figures import Figure, draw_or_recall
from reports.layout import ROOT, Layout, write_atomically
from reports.manifest import Table, load_tables
from reports.page import render_html, render_markdown


def build(profile: str, root: Path = ROOT) -> Path:
    """Write tables, figures, report.md and index.html of a profile; returns the page's path."""
    layout = Layout(profile, root)
    tables = load_tables(layout.manifests)
    records, unusable = load_records(layout.records, profile)
    chosen = {table.id: comparable(table, records) for table in tables}
    write_tables(profile, root)
    results = [result for table in tables for result in judge(table, chosen[table.id][0])]
    used = _used(chosen)
    content = _content(layout, tables, chosen, results)
    content |= {
        "profile": profile,
        "head": view.headline(profile, tables, used, results),
        "problems": unusable,
        "provenance": [view.provenance_row(record) for record in used],
        "packages": view.package_sets(used),
        "history": layout.history.read_text() if layout.history.is_file() else "",
        **_figures(layout, tables, chosen),
    }
    write_atomically(layout.page / "report.md", render_markdown(content))
    return write_atomically(layout.page / "index.html", render_html(content, layout.figures))


Chosen = dict[str, tuple[list[Record], list[str]]]


def _used(chosen: Chosen) -> list[Record]:
    """Each record that some table shows, once, in the order of the tables' rows."""
    return list({record.name: record for group, _ in chosen.values() for record in group}.values())


def _content(
    layout: Layout, tables: list[Table], chosen: Chosen, results: list[ClaimResult]
) -> dict[str, Any]:
    reach = view.strip_reach(results)
    frames = [
        view.table_view(table, table_frame(table, chosen[table.id][0]), chosen[table.id][1])
        for table in tables
    ]
    claims = [view.claim_row(layout.profile, result, reach) for result in results]
    return {"tables": frames, "claims": claims, "reach": view.number(reach)}


def _figures(layout: Layout, tables: list[Table], chosen: Chosen) -> dict[str, Any]:
    """Charts by table id, pictures of tracks; what cannot be drawn keeps its last drawing."""
    # matplotlib and OpenCV are slow to load and a rerun with nothing new needs neither
    charts: dict[str, list[Figure]] = {}
    for table in tables:
        records = chosen[table.id][0]
        found = [_variants(layout, table, records), _curves(layout, table, records)]
        charts[table.id] = [figure for figure in found if figure]
    pictures = [_tracks(layout, table, chosen[table.id][0]) for table in tables]
    return {"charts": charts, "pictures": [figure for figure in pictures if figure]}


def _variants(layout: Layout, table: Table, records: list[Record]) -> Figure | None:
    def draw() -> Figure | None:
        from reports.plots import ap_by_variant

        return ap_by_variant(table, records, layout.figures)

    sources = {record.name: str(record.evaluate.get("key")) for record in records}
    return draw_or_recall(layout.figures, f"ap-{table.id}.png", sources, draw)


def _curves(layout: Layout, table: Table, records: list[Record]) -> Figure | None:
    curves, sources = load_curves(layout.runs, records)

    def draw() -> Figure | None:
        from reports.plots import training_curves

        return training_curves(curves, sources, layout.figures, f"training-{table.id}")

    return draw_or_recall(layout.figures, f"training-{table.id}.png", sources, draw)


def _tracks(layout: Layout, table: Table, records: list[Record]) -> Figure | None:
    from reports.tracks import find_pair

    pair = find_pair(layout.runs, table, records)

    def draw() -> Figure | None:
        from reports.tracks import draw_tracks

        return draw_tracks(pair, layout.figures, f"tracks-{table.id}.jpg")

    sources = pair.sources if pair else {}
    return draw_or_recall(layout.figures, f"tracks-{table.id}.jpg", sources, draw)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m reports.build", description=__doc__)
    parser.add_argument("--profile", default="mini")
    options = parser.parse_args(arguments)
    try:
        print(build(options.profile))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
