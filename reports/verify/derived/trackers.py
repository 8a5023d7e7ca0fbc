"""Trackers on the same detections: the expected table and sentences, from the trackers' files."""
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import json
from dataclasses import dataclass

import numpy as np

from reports.verify.derived.expected import Context, Expected, ExpectedTable, column
from reports.verify.derived.gain_statistics import Gain, estimate
from reports.verify.facts import Facts, Json, Record, mean, read_json, read_yaml, record_paths
from reports.verify.recounted.recorded_draws import recorded_draws
from reports.verify.words import DASH, fixed, gain

SECTION = ("Trackers on the same detections",)
OWN, ORACLE = "masktrack", "oracle"
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
    names = sorted({name for name, _, _ in results} - {OWN, ORACLE})
    names = [one for one in (OWN, *names, ORACLE) if any(one == key[0] for key in results)]
    pairs: list[Json] = read_yaml(manifest)["pairs"]
    lines = [_line(results, p["better"], p["than"], name) for p in pairs for name in names]
    known = [line for line in lines if line.gain]
    if not known:
        return Expected()
    cells = {
        "run": [line.run for line in lines],
        "tracker": [line.tracker for line in lines],
        "AP without": [fixed(mean([r.value("AP") for r in line.without])) for line in lines],
        "AP with": [fixed(mean([r.value("AP") for r in line.with_it])) for line in lines],
        "gain": [gain(line.gain.mean) if line.gain else "not run" for line in lines],
        "90 % interval": [_ends(line.gain) for line in lines],
        f"beside {OWN}'s": [gain(line.beside.mean) if line.beside else DASH for line in lines],
        "its 90 % interval": [_ends(line.beside) for line in lines],
        "HOTA": [line.change("HOTA") for line in lines],
        "AssA": [line.change("AssA") for line in lines],
        "switches": [line.switches() for line in lines],
    }
    table = ExpectedTable(SECTION, [column(name, found) for name, found in cells.items()])
    return Expected([table], [(SECTION[0], _context(known, left_out))])


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


def _context(known: list[Line], left_out: int) -> Context:
    context: dict[str, str] = {}
    beside = [line.beside.bounds or (-np.inf, np.inf) for line in known if line.beside]
    if beside:
        larger = fixed(sum(low > 0 for low, _ in beside), 0)
        smaller = fixed(sum(high < 0 for _, high in beside), 0)
        context["tracker_differences"] = (
            f"Of {len(beside)} gains under another tracker, {larger} are larger and {smaller} "
            f"smaller than under {OWN} by intervals that leave out zero."
        )
    told = [
        f"{gain(line.gain.mean)} ({_ends(line.gain)}) by {line.run}"
        for line in known
        if line.tracker == ORACLE and line.gain
    ]
    if told:
        context["tracker_oracle"] = (
            f"With true identities, by detection and masks alone, AP gains {', '.join(told)}."
        )
    if left_out:
        context["tracker_left_out"] = (
            f"Files of other videos or settings than the latest, left out: {left_out}."
        )
    return context
