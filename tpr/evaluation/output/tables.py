"""A report as tables of text, in percent: for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tpr.evaluation.output.report import Report, categories_of, letters
from tpr.terminal import printable, several

NAME = 60  # characters of a category's name


class Table(NamedTuple):
    head: list[str]
    rows: list[list[str]]


def tables(report: Report) -> Iterator[Table]:
    """The twelve numbers, then HOTA, errors, groups of true tracks, and categories."""
    results = report["results"]
    columns = list(letters(len(results)))
    yield _numbers("AP and AR in %", report, columns, results, "stats")
    if "tracking" in results[0]:
        found = [one["tracking"] for one in results]
        yield _numbers("HOTA and IDF1 in %", report, columns, found, "stats")
    if "errors" in results[0]:
        found = [one["errors"] for one in results]
        yield _numbers("AP lost to, in %", report, columns, found, "AP_lost")
        yield _error_numbers(found, columns)
    for kind in results[0].get("groups", {}):
        yield _groups(report, kind, columns)
    if "per_category" in results[0]:
        rows = [
            [printable(name, NAME), *map(percent, values)] for name, values in categories_of(report)
        ]
        yield Table(["AP by category", *columns], rows)


def _numbers(
    title: str, report: Report, columns: list[str], found: list[dict[str, Any]], key: str
) -> Table:
    """The numbers at ``key`` of each of the results, with differences."""
    head = [title, *columns]
    for letter in columns[1:]:
        over = several(report["videos"], "video")
        if "seeds" in report:
            over += f", {several(report['seeds'], 'seed')}"
        head += [f"{letter} - A", f"{report['level']:.0%} over {over}"]
    rows: list[list[str]] = []
    for name in found[0][key]:
        row = [name, *(percent(one[key][name]) for one in found)]
        for one in found[1:]:
            row += gain(one["differences"].get(name))
        rows.append(row)
    return Table(head, rows)


def _error_numbers(found: list[dict[str, Any]], columns: list[str]) -> Table:
    """How many errors there are of each kind, and identity switches and fragmentations."""
    broken = ("identity_switches", "fragmentations")
    numbers = [
        one["number"] | {name.replace("_", " "): one[name] for name in broken} for one in found
    ]
    rows = [[name, *(f"{one[name]:.10g}" for one in numbers)] for name in numbers[0]]
    return Table(["errors at IoU 0.50", *columns], rows)


def _groups(report: Report, kind: str, columns: list[str]) -> Table:
    """A line a group and number."""
    results = report["results"]
    rows: list[list[str]] = []
    for place, group in enumerate(results[0]["groups"][kind]):
        for stat in ("AP", "AP50", "AR100"):
            values = [percent(one["groups"][kind][place][stat]) for one in results]
            name = f"{group['name']} ({span(group)}): {stat}"
            rows.append([name, *values, str(group["true_tracks"])])
    return Table([f"by {kind}", *columns, "true tracks"], rows)


def span(group: dict[str, Any]) -> str:
    """The range of a group's values, with the unit."""
    low, high = (f"{value:.10g}" for value in (group["low"], group["high"]))
    if group["low"] <= 0:
        return f"up to {high} {group['unit']}"
    if group["high"] >= 1e9 or group["high"] == 1:
        return f"from {low} {group['unit']}"
    return f"{low} to {high} {group['unit']}"


def percent(value: float | None, sign: str = "") -> str:
    return "-" if value is None else f"{100 * value:{sign}.2f}"


def gain(one: dict[str, Any] | None) -> list[str]:
    """A difference and its interval; empty where none was computed."""
    if one is None:
        return ["", ""]
    if one["low"] is None:
        return [percent(one["value"], "+"), "-"]
    return [
        percent(one["value"], "+"),
        f"{percent(one['low'], '+')} to {percent(one['high'], '+')}",
    ]


def as_text(report: Report) -> str:
    """For people: the files' letters, if there are several, then the tables."""
    results = report["results"]
    blocks = ["\n".join(aligned([table.head, *table.rows])) for table in tables(report)]
    if len(results) > 1:
        named = zip(letters(len(results)), results, strict=True)
        files = "\n".join(f"{letter}: {printable(one['file'])}" for letter, one in named)
        blocks[0] = f"{files}\n{blocks[0]}"
    return "\n\n".join(blocks)


def aligned(table: list[list[str]]) -> list[str]:
    """A table as text: names to the left, numbers to the right."""
    columns = max(len(row) for row in table)
    wide = [max(len(row[i]) for row in table if i < len(row)) for i in range(columns)]
    return [
        "  ".join(
            text.ljust(width) if place == 0 else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, wide, strict=False))
        ).rstrip()
        for row in table
    ]
