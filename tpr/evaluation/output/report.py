"""All that was asked of an evaluation as one JSON-ready object, from which the rest is made."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from tpr.data.findings import Note
from tpr.evaluation.compare import LEVEL, difference, too_few_videos
from tpr.evaluation.groups import UNITS
from tpr.evaluation.metrics import Metrics

COMPARED = ("AP", "AP50", "AP75", "AR10")  # numbers with an interval
MOST = len(string.ascii_uppercase)  # results that letters can name

Report = dict[str, Any]


def letters(number: int) -> str:
    """Of results, in the order given."""
    return string.ascii_uppercase[:number]


def report_of(
    names: Sequence[str], found: Sequence[Metrics], *, per_category: bool, draws: int, seed: int
) -> Report:
    """All numbers, in [0, 1], None where undefined; differences are to the first of the results."""
    notes = _told(found)
    results = [
        {"file": name, "stats": _defined(one.stats)} for name, one in zip(names, found, strict=True)
    ]
    report: Report = {
        "videos": len(found[0].video_ids),
        "notes": [sentence for sentence, _ in notes],
        "findings": [finding for _, finding in notes],
        "results": results,
    }
    for entry, one in zip(results, found, strict=True):
        if per_category:
            entry["per_category"] = _per_category(one)
        if one.groups:
            entry["groups"] = {kind: _groups(kind, one) for kind in one.groups}
    for entry, one in zip(results[1:], found[1:], strict=True):
        entry["differences"] = {
            stat: asdict(difference(found[0], one, stat, draws=draws, seed=seed))
            for stat in COMPARED
        }
    if len(found) > 1:
        report["level"] = LEVEL
    if len(found) == 2:
        report["differences"] = results[1]["differences"]
    return report


def _told(found: Sequence[Metrics]) -> list[tuple[str, dict[str, Any]]]:
    """Notes as a sentence and by kind, each once; those of some of several results begin with their
    letters."""
    sources: dict[Note, str] = {}
    for letter, metrics in zip(letters(len(found)), found, strict=True):
        for note in metrics.notes:
            sources[note] = sources.get(note, "") + letter
    alone = [note for one in found[1:] if (note := too_few_videos(found[0], one))]
    if alone:
        sources[alone[0]] = letters(len(found))
    notes = []
    for note, own in sources.items():
        start = "" if len(own) == len(found) else f"{', '.join(own)}: "
        sentence = start + note.sentence
        notes.append((sentence, note._asdict() | {"sentence": sentence}))
    return notes


def _per_category(metrics: Metrics) -> list[dict[str, Any]]:
    """AP of the categories with tracks, in the order of their ids."""
    return [
        {
            "id": category,
            "name": metrics.category_names[category],
            "true_tracks": int(one.positives[0]),
            "results": len(one.video),
            "AP": _number(metrics.per_category[category]),
        }
        for category, one in sorted(metrics.matches.items())
    ]


def _groups(kind: str, metrics: Metrics) -> list[dict[str, Any]]:
    return [
        {
            "name": group.name,
            "unit": UNITS[kind],
            "low": group.low,
            "high": group.high,
            "true_tracks": group.tracks,
            **_defined(group.stats),
        }
        for group in metrics.groups[kind]
    ]


def categories_of(report: Report) -> Iterator[tuple[str, list[float | None]]]:
    """Name and AP of every result, for each category in which one has tracks."""
    names: dict[int, str] = {}
    values: list[dict[int, float | None]] = []
    for entry in report["results"]:
        names |= {one["id"]: one["name"] for one in entry["per_category"]}
        values.append({one["id"]: one["AP"] for one in entry["per_category"]})
    for category in sorted(names):
        yield names[category], [own.get(category) for own in values]


def _defined(stats: dict[str, float]) -> dict[str, float | None]:
    return {name: _number(value) for name, value in stats.items()}


def _number(value: float) -> float | None:
    """-1, the benchmark's mark for undefined, becomes None."""
    return None if value < 0 else value
