"""The whole result of an evaluation as one JSON-ready object, from which text, page and plot are
made."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from tpr.data.findings import Note
from tpr.evaluation.compare import (
    LEVEL,
    lost_draws,
    of_draws,
    run_difference,
    too_few_videos,
    tracking_draws,
)
from tpr.evaluation.groups import UNITS
from tpr.evaluation.metrics import Metrics

COMPARED = ("AP", "AP50", "AP75", "AR10")  # numbers with an interval
MOST = len(string.ascii_uppercase)  # results that letters can name

Report = dict[str, Any]


def letters(number: int) -> str:
    """Of results, in the order given."""
    return string.ascii_uppercase[:number]


@dataclass(frozen=True)
class Asked:
    """What a report contains beside the twelve numbers; draws and seed of the bootstrap."""

    per_category: bool = False
    draws: int = 2000
    seed: int = 0


def report_of(
    names: Sequence[Sequence[str]], runs: Sequence[Sequence[Metrics]], asked: Asked
) -> Report:
    """All numbers, in [0, 1], None where undefined; differences are to the first of the runs, of
    each of which there is one result, or one a seed: then numbers are means over seeds."""
    notes = _told(runs)
    results = [
        {"file": " + ".join(files)} | mean_over_seeds([_entry(one, asked) for one in run])
        for files, run in zip(names, runs, strict=True)
    ]
    report: Report = {
        "videos": len(runs[0][0].video_ids),
        "notes": [sentence for sentence, _ in notes],
        "findings": [finding for _, finding in notes],
        "results": results,
    }
    if len(runs) > 1:
        report["level"] = LEVEL
        if len(runs[0]) > 1:
            report["seeds"] = len(runs[0])
        _add_differences(results, runs, asked)
    if len(runs) == 2:
        report["differences"] = results[1]["differences"]
    return report


def _entry(one: Metrics, asked: Asked) -> dict[str, Any]:
    entry: dict[str, Any] = {"stats": _defined(one.stats)}
    if asked.per_category:
        entry["per_category"] = _per_category(one)
    if one.groups:
        entry["groups"] = {kind: _groups(kind, one) for kind in one.groups}
    if one.errors:
        lost = {kind: float(values[0]) for kind, values in one.errors.lost().items()}
        entry["errors"] = {
            "AP_lost": _defined(lost),
            "number": one.errors.number(),
            "identity_switches": int(one.errors.switches.sum()),
            "fragmentations": int(one.errors.fragmentations.sum()),
        }
    if one.tracking:
        numbers = one.tracking.numbers()
        entry["tracking"] = {"stats": {name: float(v[0]) for name, v in numbers.items()}}
    return entry


def _add_differences(
    results: list[dict[str, Any]], runs: Sequence[Sequence[Metrics]], asked: Asked
) -> None:
    chance = {"draws": asked.draws, "seed": asked.seed}
    for entry, run in zip(results[1:], runs[1:], strict=True):
        entry["differences"] = {
            stat: asdict(run_difference(runs[0], run, stat, **chance)) for stat in COMPARED
        }
    for part, drawn_of in (("errors", lost_draws), ("tracking", tracking_draws)):
        if part in results[0]:
            drawn = [drawn_of(run, **chance) for run in runs]
            for entry, run, own in zip(results[1:], runs[1:], drawn[1:], strict=True):
                interval = not too_few_videos(runs[0], run)
                entry[part]["differences"] = {
                    name: asdict(of_draws(drawn[0][name], one, seed=asked.seed, interval=interval))
                    for name, one in own.items()
                }


def mean_over_seeds(entries: Sequence[Any]) -> Any:
    """Equal structures as one with the means of their numbers; None where one is None."""
    first = entries[0]
    if len(entries) == 1 or isinstance(first, str):
        return first
    if isinstance(first, dict):
        keys = cast(dict[str, Any], first)
        return {key: mean_over_seeds([one[key] for one in entries]) for key in keys}
    if isinstance(first, list):
        return [mean_over_seeds(own) for own in zip(*entries, strict=True)]
    return None if None in entries else sum(entries) / len(entries)


def _told(runs: Sequence[Sequence[Metrics]]) -> list[tuple[str, dict[str, Any]]]:
    """Notes as a sentence and by kind, each once; those of only some of several runs begin with the
    runs' letters."""
    sources: dict[Note, str] = {}
    for letter, run in zip(letters(len(runs)), runs, strict=True):
        for note in dict.fromkeys(note for metrics in run for note in metrics.notes):
            sources[note] = sources.get(note, "") + letter
    alone = [note for run in runs[1:] if (note := too_few_videos(runs[0], run))]
    if alone:
        sources[alone[0]] = letters(len(runs))
    notes: list[tuple[str, dict[str, Any]]] = []
    for note, own in sources.items():
        start = "" if len(own) == len(runs) else f"{', '.join(own)}: "
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
