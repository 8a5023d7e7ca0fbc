"""Gain against scale: the expected sentences, from the records of other scales, and the written
prediction."""
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import log2

import numpy as np

from reports.verify.check import Finding
from reports.verify.derived.expected import Expected
from reports.verify.derived.gain_statistics import Array, Gain, estimate
from reports.verify.facts import Facts, Json, Record, read_json, read_yaml, record_paths
from reports.verify.recounted.recorded_draws import common_draws
from reports.verify.words import fixed, gain

SECTION = "Gain against scale"
FILE = "scale-prediction.json"
ROUNDING = 0.005  # of ends of intervals, which two methods find

Place = tuple[float, int]  # width and number of training videos


@dataclass(frozen=True)
class Grid:
    """declared: as in scale.yaml; written: the prediction, {} without one."""

    declared: Json
    records: list[Record]
    written: Json

    @property
    def runs(self) -> list[str]:
        return [run for run in self.declared["runs"] if run != self.declared["baseline"]]

    @property
    def largest(self) -> Place:
        return max(self.declared["widths"]), max(self.declared["videos"])

    @property
    def places(self) -> list[Place]:
        """Those that are held out come last."""
        w, v = self.largest
        found = [(x, y) for x in self.declared["widths"] for y in self.declared["videos"]]
        return sorted(found, key=lambda place: place[0] == w or place[1] == v)

    @property
    def fitted(self) -> list[Place]:
        w, v = self.largest
        return [place for place in self.places if place[0] < w and place[1] < v]

    @property
    def held_out(self) -> list[Place]:
        return self.places[len(self.fitted) :]

    @cached_property
    def by_place(self) -> dict[tuple[Place, str, int], Record]:
        return {(place_of(one), one.run, one.seed): one for one in self.records}

    def gain(self, run: str, place: Place) -> Gain | None:
        return self._fit(run, [place], lambda gains: gains[0])

    def predicted(self, run: str, place: Place) -> Gain | None:
        return self._fit(run, self.fitted, lambda gains: plane(self.fitted, gains, place))

    def error(self, run: str, place: Place) -> Gain | None:
        def missed(gains: Array) -> Array:
            return gains[-1] - plane(self.fitted, gains[:-1], place)

        return self._fit(run, [*self.fitted, place], missed)

    def beyond(self, run: str, place: Place) -> Gain | None:
        return self._fit(run, self.places, lambda gains: plane(self.places, gains, place))

    def _fit(self, run: str, places: list[Place], fit: Callable[[Array], Array]) -> Gain | None:
        """fit: (B,) of the (n, B) gains at n places."""
        pair = (run, str(self.declared["baseline"]))
        whole = [
            seed
            for seed in sorted(self.declared["seeds"])
            if all((place, one, seed) in self.by_place for place in places for one in pair)
        ]
        flat = [self.by_place[p, one, seed] for one in pair for seed in whole for p in places]
        values = np.array([one.value("AP") for one in flat]).reshape(2, len(whole), len(places), 1)
        if not whole or not np.isfinite(values).all():
            return None
        means = [float(fit(gains)[0]) for gains in values[0] - values[1]]
        draws = common_draws(flat)
        if draws is not None:
            drawn = draws.reshape(2, len(whole), len(places), -1)
            draws = np.array([fit(gains) for gains in drawn[0] - drawn[1]])
        return estimate(means, draws, int(flat[0].metrics.get("videos") or 0))


def place_of(record: Record) -> Place:
    scale = record.raw["scale"]
    return float(scale["width"]), int(scale["videos"])


def plane(places: list[Place], gains: Array, at: Place) -> Array:
    """(B,) at a place, by least squares from (n, B) gains at n places."""
    sides = np.array([[1.0, log2(width), log2(videos)] for width, videos in [*places, at]])
    fitted: Array = sides[-1] @ np.linalg.lstsq(sides[:-1], gains, rcond=None)[0]
    return fitted


def scale_records(facts: Facts) -> list[Record]:
    """Those that agree with the last one on videos and settings."""
    folder = facts.root / "results" / facts.profile
    found = [Record(path, read_json(path)) for path in record_paths(folder, "scale")]
    found = [one for one in found if one.raw["profile"] == facts.profile]
    if not found:
        return []
    last = max(found, key=lambda one: one.raw["evaluate"].get("finished", ""))
    return [one for one in found if _made_by(one) == _made_by(last)]


def _made_by(record: Record) -> str:
    made, trained = record.raw["evaluate"], record.raw["train"].get("spec", {}).get("train", {})
    carried_out = ("checkpoint_every", "micro_batch")  # no part of a training's key
    settings = {k: k in carried_out or v for k, v in trained.items()}
    rest = {k: v for k, v in made["spec"].items() if k != "model"}
    return json.dumps([made["inputs"]["videos"], rest, settings], sort_keys=True)


def load_grid(facts: Facts) -> Grid | None:
    """None where no scale is declared, or none was trained."""
    declared = read_yaml(facts.root / "experiments" / "manifests" / "scale.yaml")
    grid: Json = declared.get(facts.profile) or {}
    found = scale_records(facts) if grid else []
    found = [one for one in found if one.run in grid["runs"] and one.seed in grid["seeds"]]
    path = facts.root / "results" / facts.profile / FILE
    return Grid(grid, found, read_json(path)) if found else None


def check_prediction(facts: Facts) -> Iterable[Finding]:
    """What was predicted is what the fitted cells say, and was written before what it is of."""
    grid = load_grid(facts)
    if grid is None or not grid.written:
        return
    for one in grid.written["gains"]:
        place = float(one["width"]), int(one["videos"])
        again = grid.predicted(one["run"], place)
        where = f"{one['run']} at width {place[0]:g} and {place[1]} videos"
        ends: list[float] = one["interval"] or []
        said = [float(one["gain"]), *ends]
        meant = [again.mean, *(again.bounds or [])] if again else []
        if len(said) != len(meant) or np.abs(np.subtract(said, meant)).max() > ROUNDING:
            yield Finding(FILE, where, str(said), str(meant))
    written = datetime.fromisoformat(grid.written["written"])
    for record in grid.records:
        ended = record.raw["evaluate"]["finished"]
        if place_of(record) in grid.held_out and datetime.fromisoformat(ended) <= written:
            yield Finding(FILE, "written", str(written), f"not before {record.path.name}, {ended}")


def expect_scale(facts: Facts) -> Expected:
    grid = load_grid(facts)
    if grid is None:
        return Expected()
    context = {"scale_baseline": str(grid.declared["baseline"]), "scale_values": _values(grid)}
    told = [_told(grid, run) for run in grid.runs] if grid.written else []
    context["scale_sentence"] = " ".join(one for one in told if one)
    return Expected([], [(SECTION, context)])


def _values(grid: Grid) -> str:
    lines: list[str] = []
    for run in grid.runs:
        found = [(grid.gain(run, place), place, "") for place in grid.places]
        if grid.written:
            found += [(grid.predicted(run, place), place, "predicted ") for place in grid.held_out]
        told = [
            f"{word}{gain(one.mean)} at width {width:g} and {videos} videos"
            for one, (width, videos), word in found
            if one
        ]
        lines.append(f"{run}: {', '.join(told)}")
    return "; ".join(lines)


def _told(grid: Grid, run: str) -> str:
    width, videos = grid.largest
    predicted = grid.predicted(run, grid.largest)
    if predicted is None:
        return ""
    begin = (
        f"{run} at {width:g} times the width and {videos} videos: predicted {_spread(predicted)}"
    )
    found, error = grid.gain(run, grid.largest), grid.error(run, grid.largest)
    if found is None or error is None:
        return f"{begin}; not all of it is trained yet."
    told = f"{begin}, found {gain(found.mean, 2)}, off by {_spread(error)}"
    if error.bounds is None:
        return f"{told}; without an interval of that nothing is extrapolated."
    return f"{told}; {_reach(grid, run, found.mean, max(abs(end) for end in error.bounds))}."


def _reach(grid: Grid, run: str, found: float, most: float) -> str:
    (w0, v0), (w1, v1) = max(grid.fitted), grid.largest
    full = grid.declared["full"]
    tested, away = log2(w1 / w0 * v1 / v0), log2(full["width"] / w1 * full["videos"] / v1)
    limit = tested * abs(found) / most if most else 0.0
    told = (
        f"an error of up to {fixed(most, 2)} over {fixed(tested)} doublings is as large as the "
        f"gain after {fixed(limit)}, and full is {fixed(away)} on"
    )
    there = grid.beyond(run, (float(full["width"]), int(full["videos"])))
    if there is None or limit < away:
        return f"{told}: nothing is said of it"
    return f"{told}: there {gain(there.mean, 2)}, give or take {fixed(most * away / tested, 2)}"


def _spread(one: Gain) -> str:
    ends = one.bounds
    inside = f" ({gain(ends[0], 2)} to {gain(ends[1], 2)})" if ends else ""
    return gain(one.mean, 2) + inside
