"""A report as one HTML file that needs nothing else."""

from __future__ import annotations

from html import escape

from tpr.evaluation.output.report import Report, letters
from tpr.evaluation.output.tables import Table, percent, tables
from tpr.terminal import printable

STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 }
td, th { padding: .15rem .8rem; text-align: right; border-bottom: 1px solid #ddd }
td:first-child, th:first-child { text-align: left }
svg text { font: 13px system-ui, sans-serif }
"""
LEFT, WIDE, LINE = 110, 560, 26  # pixels of the drawing


def as_page(report: Report, title: str) -> str:
    """Files, notes, intervals of the differences, and all tables."""
    results = report["results"]
    files = "".join(
        f"<li>{letter}: {escape(printable(one['file']))}</li>"
        for letter, one in zip(letters(len(results)), results, strict=True)
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in report["notes"])
    body = [
        f"<h1>{escape(printable(title))}</h1><p>{report['videos']} videos</p><ul>{files}</ul>",
        f"<h2>Notes</h2><ul>{notes}</ul>" if notes else "",
        _drawing(report) if len(results) > 1 else "",
        *map(_table, tables(report)),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(printable(title))}</title><style>{STYLE}</style></head>\n<body>"
        + "\n".join(filter(None, body))
        + "</body></html>\n"
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.head)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _drawing(report: Report) -> str:
    """Differences to A as dots on their intervals."""
    lines = [
        (f"{stat}, {letter} - A", one)
        for letter, result in zip(
            letters(len(report["results"]))[1:], report["results"][1:], strict=True
        )
        for stat, one in result["differences"].items()
        if one["value"] is not None
    ]
    ends = [abs(one[key]) for _, one in lines for key in ("value", "low", "high") if one[key]]
    most = max(ends, default=0.01)
    middle, scale = LEFT + WIDE / 2, WIDE / 2 / most / 1.1
    height = LINE * (len(lines) + 1)
    marks = [f'<line x1="{middle}" x2="{middle}" y1="0" y2="{height - LINE}" stroke="#999"/>']
    for place, (name, one) in enumerate(lines):
        y = LINE * (place + 0.5)
        marks.append(f'<text x="0" y="{y + 4}">{escape(name)}</text>')
        if one["low"] is not None:
            low, high = (middle + scale * one[key] for key in ("low", "high"))
            marks.append(
                f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="#369" '
                'stroke-width="3"/>'
            )
        x = middle + scale * one["value"]
        marks.append(
            f'<circle cx="{x:.1f}" cy="{y}" r="5" fill="#136"/>'
            f'<text x="{LEFT + WIDE + 20}" y="{y + 4}">{percent(one["value"], "+")}</text>'
        )
    title = f"Differences in points, with the middle {report['level']:.0%} over videos"
    return (
        f'<h2>{title}</h2><svg width="{LEFT + WIDE + 90}" height="{height}" role="img" '
        f'aria-label="{title}">{"".join(marks)}</svg>'
    )
