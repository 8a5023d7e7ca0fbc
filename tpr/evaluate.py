"""Average precision of video instance segmentation, as the YouTube-VIS and OVIS servers compute it.

    python -m tpr.evaluate GT.json RESULTS.json [--per-category] [--compare OTHER.json]

Needs numpy and pycocotools only.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tpr.command import command, natural, say
from tpr.data.findings import Note
from tpr.evaluation import Metrics, evaluate
from tpr.evaluation.compare import LEVEL, difference, too_few_videos
from tpr.evaluation.inputs import read_truth
from tpr.terminal import printable

LETTERS = "AB"
NAME = 60  # characters of a category's name in the table
MOST_DRAWS = 20_000  # of 8 bytes a video each; more change no digit that is shown
COMPARED = ("AP", "AP50", "AP75", "AR10")  # numbers with an interval


@command
def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    report = evaluation(options)
    for note in report["notes"]:
        say(f"note: {note}")
    print(json.dumps(report) if options.json else as_text(report))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tpr.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("ground_truth", type=Path, metavar="GT.json", help="annotations")
    parser.add_argument("results", type=Path, metavar="RESULTS.json", help="a results.json")
    parser.add_argument("--per-category", action="store_true", help="AP of every category, too")
    parser.add_argument(
        "--compare", type=Path, metavar="OTHER.json", help="a second results.json, minus the first"
    )
    parser.add_argument("--draws", type=draws, default=2000, help="of the bootstrap over videos")
    parser.add_argument("--seed", type=natural, default=0, help="of the bootstrap")
    parser.add_argument("--json", action="store_true", help="print one JSON object, in [0, 1]")
    return parser.parse_args(arguments)


def draws(text: str) -> int:
    return natural(text, 1, MOST_DRAWS)


def evaluation(options: argparse.Namespace) -> dict[str, Any]:
    """All numbers that were asked for, in [0, 1], None where undefined; JSON-ready."""
    truth = read_truth(options.ground_truth)
    names = [options.results, *([options.compare] if options.compare else [])]
    found = [evaluate(truth, name) for name in names]
    notes = told(found)
    report: dict[str, Any] = {
        "videos": len(found[0].video_ids),
        "notes": [sentence for sentence, _ in notes],
        "findings": [finding for _, finding in notes],
        "results": [
            {"file": str(name), "stats": {k: defined(v) for k, v in one.stats.items()}}
            for name, one in zip(names, found, strict=True)
        ],
    }
    if options.per_category:
        for entry, one in zip(report["results"], found, strict=True):
            entry["per_category"] = per_category(one)
    if options.compare:
        report["differences"] = {
            stat: vars(difference(*found, stat, draws=options.draws, seed=options.seed))
            for stat in COMPARED
        }
    return report


def told(found: Sequence[Metrics]) -> list[tuple[str, dict[str, Any]]]:
    """Notes as a sentence and by kind, each once; of two results, those of one begin with its
    letter."""
    sources: dict[Note, list[str]] = {}
    for letter, metrics in zip(LETTERS, found, strict=False):
        for note in metrics.notes:
            sources.setdefault(note, []).append(letter)
    if len(found) > 1 and (alone := too_few_videos(*found)):
        sources[alone] = list(LETTERS)
    notes = []
    for note, letters in sources.items():
        start = "" if len(letters) == len(found) else f"{letters[0]}: "
        sentence = start + note.sentence
        notes.append((sentence, note._asdict() | {"sentence": sentence}))
    return notes


def per_category(metrics: Metrics) -> list[dict[str, Any]]:
    """AP by category, in the order of their ids."""
    return [
        {"id": category, "name": metrics.category_names[category], "AP": defined(value)}
        for category, value in metrics.per_category.items()
    ]


def defined(value: float) -> float | None:
    """-1, the benchmark's mark for undefined, becomes None."""
    return None if value < 0 else value


def as_text(report: dict[str, Any]) -> str:
    """The report as people read it: percent, a line a number; with two files columns A and B."""
    results, differences = report["results"], report.get("differences", {})
    lines = []
    head = ["AP and AR in %", "A"]
    if differences:
        names = [printable(one["file"]) for one in results]
        lines += [f"{letter}: {name}" for letter, name in zip(LETTERS, names, strict=True)]
        head += ["B", "B - A", f"{LEVEL:.0%} over {report['videos']} videos"]
    table = [head]
    for name in results[0]["stats"]:
        table.append([name, *(percent(one["stats"][name]) for one in results)])
        if name in differences:
            table[-1] += gain(differences[name])
    if "per_category" in results[0]:
        table.append(["", *("" for _ in results)])
        for rows in zip(*(one["per_category"] for one in results), strict=True):
            table.append([printable(rows[0]["name"], NAME), *(percent(row["AP"]) for row in rows)])
    return "\n".join([*lines, *aligned(table)])


def percent(value: float | None, sign: str = "") -> str:
    return "-" if value is None else f"{100 * value:{sign}.2f}"


def gain(one: dict[str, Any]) -> list[str]:
    span = (
        "-" if one["low"] is None else f"{percent(one['low'], '+')} to {percent(one['high'], '+')}"
    )
    return [percent(one["value"], "+"), span]


def aligned(table: list[list[str]]) -> list[str]:
    """Names to the left, numbers to the right."""
    columns = max(len(row) for row in table)
    wide = [max(len(row[i]) for row in table if i < len(row)) for i in range(columns)]
    return [
        "  ".join(
            text.ljust(width) if place == 0 else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, wide, strict=False))
        ).rstrip()
        for row in table
    ]


if __name__ == "__main__":
    sys.exit(main())
