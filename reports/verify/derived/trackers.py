"""Trackers on the same detections: the expected table and sentences, from the trackers' files."""
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import json
from dataclasses import dataclass

import numpy as np

from reports.verify.derived.expected import Expected, ExpectedTable, column
from reports.verify.derived.gain_statistics import Gain, estimate
from reports.verify.facts import Facts, Json, Record, mean, read_json, read_yaml, record_paths
from reports.verify.recounted.recorded_draws import recorded_draws
from reports.verify.words import DASH, fixed, gain

SECTION = ("Trackers on the same detections",)
OWN, TRUE_IDS, TRUE_MASKS = "masktrack", "true-ids", "true-masks"
LAST = ("oracle", TRUE_IDS, TRUE_MASKS)  # no trackers: they are told the truth
Results = dict[tuple[str, str, int], Record]  # by tracker, run and seed


@dataclass(frozen=True)
class Line:
    """A pair under a tracker: its gain, what that is more than under `OWN`, and the records of the
    baseline and of the other run at the seeds of both."""

    run: str
    tracker: str
    gain: Gain | None
    beside: Gain | None
    without: list[Record]
    with_it: list[Record]

    def change(self, measure: str) -> str:
        sides = [mean([one.value(measure) for one in s]) for s in (self.without, self.with_it)]
        return gain(sides[1] - sides[0])

    def switches(self) -> str:
        sides = [
            [one.value("identity_switches") for one in s] for s in (self.without, self.with_it)
        ]
        return " to ".join(fixed(mean(side), 0) for side in sides) if self.gain else DASH


def expect_trackers(facts: Facts) -> Expected:
    manifest = facts.root / "experiments" / "manifests" / "trackers.yaml"
    if not manifest.is_file():
        return Expected()
    results, left_out = tracker_results(facts)
    present = {name for name, _, _ in results}
    names = [OWN, *sorted(present - {OWN, *LAST}), *LAST]
    pairs: list[Json] = read_yaml(manifest)["pairs"]
    lines = [
        _line(results, p["better"], p["than"], name)
        for p in pairs
        for name in names
        if name in present
    ]
    known = [line for line in lines if line.gain]
    if not known:
        return Expected()
    cells = {
        "run": [line.run for line in known],
        "tracker": [line.tracker for line in known],
        "AP without": [fixed(mean([r.value("AP") for r in line.without])) for line in known],
        "AP with": [fixed(mean([r.value("AP") for r in line.with_it])) for line in known],
        "gain": [gain(line.gain.mean) if line.gain else DASH for line in known],
        "90 % interval": [_ends(line.gain) for line in known],
        f"beside {OWN}'s": [gain(line.beside.mean) if line.beside else DASH for line in known],
        "its 90 % interval": [_ends(line.beside) for line in known],
        "HOTA": [line.change("HOTA") for line in known],
        "AssA": [line.change("AssA") for line in known],
        "switches": [line.switches() for line in known],
    }
    table = ExpectedTable(SECTION, [column(name, found) for name, found in cells.items()])
    whole = [one for p in pairs if (one := _whole(results, p["better"], p["than"]))]
    context = _context(known, left_out)
    if whole:
        context["tracker_values"] = _values(whole, known)
    idle = [p["better"] for p in pairs if p["better"] not in {line.run for line in known}]
    if idle:
        context["tracker_not_run"] = f"Not run here: {', '.join(idle)}."
    answers = [{"tracker_parts": one.sentence()} for one in whole]
    return Expected([table], [(SECTION[0], one) for one in (context, *answers)])


@dataclass(frozen=True)
class Whole:
    """A gain under `OWN` and the three that it is the sum of."""

    run: str
    base: str
    seeds: list[int]
    videos: int
    gain: Gain
    parts: dict[str, Gain]

    def sentence(self) -> str:
        seeds = f"seed{'s' if len(self.seeds) > 1 else ''} {', '.join(map(str, self.seeds))}"
        parts = ", ".join(f"{_with_ends(one)} by {name}" for name, one in self.parts.items())
        bounds = {name: one.bounds for name, one in self.parts.items()}
        sure = [name for name, ends in bounds.items() if ends and not ends[0] <= 0 <= ends[1]]
        return (
            f"Over {seeds} and {self.videos} videos, {self.run} changes the AP of {self.base} by "
            f"{_with_ends(self.gain)}: {parts}. "
            f"Of these three, told from zero by its interval: {', '.join(sure) or 'none'}."
        )


def _with_ends(one: Gain) -> str:
    return f"{gain(one.mean)} ({_ends(one)})"


def _whole(results: Results, run: str, base: str) -> Whole | None:
    """What is more under one tracker than under the next, from most truth to none."""
    own, ids, masks = (_pairs(results, run, base, x) for x in (OWN, TRUE_IDS, TRUE_MASKS))
    shared = sorted(own.keys() & ids.keys() & masks.keys())
    total, detection = _sum({s: own[s] for s in shared}), _sum({s: masks[s] for s in shared})
    by_masks = _sum({s: (*ids[s], *reversed(masks[s])) for s in shared})
    association = _sum({s: (*own[s], *reversed(ids[s])) for s in shared})
    if not (total and detection and by_masks and association):
        return None
    parts = {"detection": detection, "masks": by_masks, "association": association}
    videos = int(own[shared[0]][0].metrics.get("videos") or 0)
    return Whole(run, base, shared, videos, total, parts)


def _values(found: list[Whole], known: list[Line]) -> str:
    """As the figure's description has them."""
    rows: list[str] = []
    for one in found:
        under = {line.tracker: line.gain for line in known if line.run == one.run and line.gain}
        values = {name: gain(x.mean) for name, x in (one.parts | under).items()}
        rows.append(f"{one.run}: " + ", ".join(f"{name} {x}" for name, x in values.items()))
    return "; ".join(rows)


def tracker_results(facts: Facts) -> tuple[Results, int]:
    """Of files like the last one, and how many are not."""
    folder = facts.root / "results" / facts.profile
    files = [(path, read_json(path)) for path in record_paths(folder, "trackers")]
    files = [(path, raw) for path, raw in files if raw["profile"] == facts.profile]
    files.sort(key=lambda pair: pair[1]["associate"].get("finished", ""))
    last = _videos(files[-1][1]) if files else ""
    kept = [(path, raw) for path, raw in files if _videos(raw) == last]
    specs = {raw["run"]: raw["associate"]["spec"] for _, raw in kept}
    kept = [(path, raw) for path, raw in kept if raw["associate"]["spec"] == specs[raw["run"]]]
    found = {
        (name, raw["run"], raw["seed"]): Record(path, {**raw, "evaluate": _made(raw, name)})
        for path, raw in kept
        for name in raw["associate"]["metrics"]["trackers"]
    }
    return found, len(files) - len(kept)


def _made(raw: Json, tracker: str) -> Json:
    """A tracker's part as an evaluation of its own."""
    made: Json = {**raw["associate"]}
    made["metrics"] = made["metrics"]["trackers"][tracker]
    matches = made.pop("matches", {})
    return {**made, "matches": matches[tracker]} if tracker in matches else made


def _videos(raw: Json) -> str:
    made, spec = raw["associate"], raw["associate"]["spec"]
    chosen = [made["inputs"]["videos"], spec.get("videos"), spec["evaluation"]]
    return json.dumps(chosen, sort_keys=True)


def _line(results: Results, run: str, base: str, name: str) -> Line:
    both = _pairs(results, run, base, name)
    own = _pairs(results, run, base, OWN)
    shared = {seed: (*both[seed], *reversed(own[seed])) for seed in both if seed in own}
    beside = _sum(shared) if name != OWN else None
    sides = [[pair[side] for pair in both.values()] for side in (1, 0)]
    return Line(run, name, _sum(both), beside, *sides)


def _pairs(results: Results, run: str, base: str, name: str) -> dict[int, tuple[Record, Record]]:
    seeds = sorted(seed for tracker, one, seed in results if (tracker, one) == (name, run))
    found = {seed: results[name, run, seed] for seed in seeds if (name, base, seed) in results}
    pairs = {seed: (one, results[name, base, seed]) for seed, one in found.items()}
    return {s: pair for s, pair in pairs.items() if all(np.isfinite(r.value("AP")) for r in pair)}


def _sum(found: dict[int, tuple[Record, ...]]) -> Gain | None:
    """Of records by seed, which count in turn as gained and as lost."""
    if not found:
        return None
    rows = list(found.values())
    values = [
        sum(((-1.0) ** k * one.value("AP") for k, one in enumerate(row)), 0.0) for row in rows
    ]
    draws = [[recorded_draws(one) for one in row] for row in rows]
    lengths = {None if one is None else len(one) for row in draws for one in row}
    drawn = None
    if len(lengths) == 1 and None not in lengths:
        whole = 100 * np.array(draws, float)  # (seed, record, draw)
        whole = whole[:, :, np.isfinite(whole).all(axis=(0, 1))]
        drawn = whole[:, ::2].sum(1) - whole[:, 1::2].sum(1) if whole.shape[2] > 1 else None
    return estimate(values, drawn, int(rows[0][0].metrics.get("videos") or 0))


def _ends(one: Gain | None) -> str:
    found = one.bounds if one else None
    return " to ".join(map(gain, found)) if found else DASH


def _context(known: list[Line], left_out: int) -> dict[str, str]:
    context: dict[str, str] = {}
    rivals = [line.beside for line in known if line.beside and line.tracker not in LAST]
    beside = [one.bounds or (-np.inf, np.inf) for one in rivals]
    if beside:
        larger = fixed(sum(low > 0 for low, _ in beside), 0)
        smaller = fixed(sum(high < 0 for _, high in beside), 0)
        context["tracker_differences"] = (
            f"Of {len(beside)} gains under another tracker, {larger} are larger and {smaller} "
            f"smaller than under {OWN} by intervals that leave out zero."
        )
    if left_out:
        context["tracker_left_out"] = (
            f"Files of other videos or settings than the latest, left out: {left_out}."
        )
    return context
