"""The records themselves: their numbers made again from kept matches, and what they lack."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np

from reports.verify.check import Finding
from reports.verify.clips import kept_of
from reports.verify.derived.costing.speed import has_rounds, recorded, speeds
from reports.verify.derived.dosed_records import dose_records
from reports.verify.derived.scale import scale_records
from reports.verify.derived.trackers import tracker_results
from reports.verify.facts import Facts, Json, Record, digest, part
from reports.verify.pictures import is_computed, notes
from reports.verify.recounted.matches import Array, read_kept
from reports.verify.recounted.recorded_draws import UNIT, recorded_draws
from reports.verify.recounted.recount import drawn, recount
from reports.verify.recounted.redrawn import OF_LOSSES, Redrawn
from reports.verify.recounted.tracking import tracking

DRAWS = "_draws"
SOME = 20  # every so many draws are made again, all of them if asked for


def check_records(facts: Facts, *, thorough: bool) -> Iterable[Finding]:
    for record in (one for seeds in facts.records.values() for one in seeds.values()):
        file = f"records/{record.path.name}"
        metrics = record.metrics
        if (defined := recorded_draws(record)) is not None:
            error = float(np.nanstd(100 * defined, ddof=1))
            if abs(error - (metrics["AP_bootstrap_se"] or 0.0)) > 0.01:
                yield Finding(
                    file, "AP_bootstrap_se", str(metrics["AP_bootstrap_se"]), f"{error:.4f}"
                )
        categories = [ap for ap in part(metrics, "per_category").values() if ap is not None]
        if categories and abs(np.mean(categories) - metrics["AP"]) > 1e-6:
            yield Finding(
                file, "AP", str(metrics["AP"]), f"{np.mean(categories)}, by its categories"
            )
        yield from _by_matches(file, record, beside(record.path), thorough)
    yield from _at_doses(facts, thorough)
    yield from _at_scales(facts, thorough)
    yield from _by_trackers(facts, thorough)


def _at_doses(facts: Facts, thorough: bool) -> Iterable[Finding]:
    for record in dose_records(facts)[0]:
        file, path = f"doses/{record.path.name}", beside(record.path)
        yield from _by_matches(file, record, path, thorough, whole=False)


def _at_scales(facts: Facts, thorough: bool) -> Iterable[Finding]:
    for record in scale_records(facts):
        file, path = f"scale/{record.path.name}", beside(record.path)
        yield from _by_matches(file, record, path, thorough, whole=False)


def _by_trackers(facts: Facts, thorough: bool) -> Iterable[Finding]:
    for (tracker, _, _), record in tracker_results(facts)[0].items():
        file = f"trackers/{record.path.name}, {tracker}"
        path = beside(record.path, tracker)
        yield from _by_matches(file, record, path, thorough, whole=False)


def beside(record: Path, tracker: str = "") -> Path:
    """Where a record's matches are."""
    return record.with_name(f"{record.stem}{'-' if tracker else ''}{tracker}.npz.xz")


def _by_matches(
    file: str, record: Record, path: Path, thorough: bool, *, whole: bool = True
) -> Iterable[Finding]:
    """whole: all that follows from matches must be in the record."""
    wanted = record.raw["evaluate"].get("matches")
    if wanted is None:
        return
    if not path.is_file() or digest(path) != wanted:
        yield Finding(file, "matches", wanted[:12], f"{path.name} is missing or another one")
        return
    step = 1 if thorough else SOME
    kept, recorded, draws = read_kept(path), record.metrics, _recorded_draws(record, step)
    settings = record.raw["evaluate"]["spec"]["evaluation"]
    weights = drawn(kept, settings["bootstrap"], settings["bootstrap_seed"])[::step]
    losses = [len(one) for name, one in draws.items() if name.startswith(OF_LOSSES)]
    redrawn = Redrawn(kept, weights, max(losses, default=0))
    again = recount(kept)
    again |= redrawn.lost.measures() if kept.errors else {}
    again |= tracking(kept) if kept.tracking else {}
    if not whole:
        again = {name: value for name, value in again.items() if name in recorded}
    yield from _differences(file, "", recorded, again)
    yield from _draws_differ(file, draws, redrawn)


def _recorded_draws(record: Record, step: int) -> dict[str, Array]:
    """Every so many, by metric."""
    metrics = [name.removesuffix(DRAWS) for name in record.metrics if name.endswith(DRAWS)]
    found = {metric: recorded_draws(record, metric) for metric in metrics}
    return {metric: draws[::step] for metric, draws in found.items() if draws is not None}


def _draws_differ(file: str, recorded: dict[str, Array], again: Redrawn) -> Iterable[Finding]:
    for metric, draws in recorded.items():
        if not again.knows(metric):
            continue
        found = again.draws(metric, len(draws))
        if len(found) < len(draws):
            yield Finding(file, metric + DRAWS, f"{len(draws)} draws", str(len(found)))
            continue
        # undefined is away from whatever is defined
        off = np.nan_to_num(found, nan=-1.0)
        off = np.abs(off - np.nan_to_num(draws, nan=-1.0)).max(initial=0.0)
        if off > UNIT / 2 + 1e-9:
            yield Finding(file, metric + DRAWS, "draws", f"up to {off:.4f} away from these")


def _differences(file: str, place: str, recorded: Any, again: Any) -> Iterable[Finding]:
    """Where what was recounted is not what the record says."""
    if isinstance(again, Mapping):
        for name, value in cast(Json, again).items():
            yield from _differences(file, f"{place} {name}".strip(), recorded.get(name), value)
    elif isinstance(again, list):
        for number, value in enumerate(cast(list[Any], again)):
            yield from _differences(file, f"{place} {number}", recorded[number], value)
    elif isinstance(again, float) and isinstance(recorded, float | int):
        if abs(again - recorded) > 1e-9:
            yield Finding(file, place, str(recorded), str(again))
    elif again != recorded:
        yield Finding(file, place, str(recorded), str(again))


def own_records(facts: Facts) -> int:
    """How many were made here, beside those that ship."""
    return len([*(facts.root / "results" / facts.profile / "own").glob("*.json")])


def lacking(facts: Facts) -> list[str]:
    """What cannot be computed again from what is committed, a line each."""
    lines: list[str] = []
    if own := own_records(facts):
        lines.append(f"the section on {own} records made here: not looked at")
    lines += _not_kept(facts.shown)
    others = {
        "at doses": dose_records(facts)[0],
        "at other scales": scale_records(facts),
        "by trackers": tracker_results(facts)[0].values(),
    }
    for what, found in others.items():
        if old := [one for one in found if "matches" not in one.raw["evaluate"]]:
            lines.append(f"numbers of {len(old)} evaluations {what}: taken from their records")
    for name, found in (("costs.json", facts.costs), ("speed.json", facts.speed)):
        if found and (missing := _unsaid(name, found, facts)):
            lines.append(f"results/full/{name} {missing}: its numbers are taken as they stand")
    pictures = [name for name in notes(facts) if not is_computed(name)]
    if pictures:
        lines.append(
            f"descriptions of {len(pictures)} pictures of what only the runs' folders had "
            f"({', '.join(pictures)}): taken from the notes beside them"
        )
    return lines


def _not_kept(shown: list[Record]) -> list[str]:
    """Of evaluations made before matches, or what errors and tracking follow from, were kept."""
    without = [one for one in shown if "matches" not in one.raw["evaluate"]]
    kept = {one.name: kept_of(one) for one in shown if "HOTA" in one.metrics}
    partly = [found for found in kept.values() if found is None or not found.is_whole]
    parts = [
        f"{numbers} of {len(old)} evaluations made before {what} were kept"
        for numbers, old, what in (
            ("AP, AR, draws and difficulty", without, "matches"),
            ("errors and HOTA", partly, "overlaps"),
        )
        if old
    ]
    return [f"{'; '.join(parts)}: taken from their records"] if parts else []


def _unsaid(name: str, found: dict[str, Any], facts: Facts) -> str:
    git = part(found, "git")
    fields: dict[str, Any] = {"its commit": git.get("commit")}
    if name == "speed.json":
        fields |= {"its machine": found.get("hardware"), "every round's time": has_rounds(facts)}
    unsaid = [what for what, value in fields.items() if not value]
    parts = [f"does not say {', '.join(unsaid)}"] if unsaid else []
    parts += ["is of a changed working tree"] if git.get("dirty") else []
    return " and ".join(parts)


def check_speed(facts: Facts) -> Iterable[Finding]:
    """What rounds give, where they are kept."""
    for device in facts.speed.get("devices", []):
        for place, again in speeds(device):
            yield from _differences("full/speed.json", place, recorded(device, place), again)
