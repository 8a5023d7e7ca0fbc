"""Gain against dose: the expected table and sentences, from the records of dosed evaluations."""
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.verify.derived.expected import Context, Expected, ExpectedTable, column
from reports.verify.derived.gain_statistics import Array, Gain, estimate
from reports.verify.facts import Facts, Json, Record, read_json, read_yaml, record_paths
from reports.verify.facts import part as part_of
from reports.verify.recounted.recorded_draws import recorded_draws
from reports.verify.words import DASH, fixed, gain

SECTION = ("Gain against dose",)
NOT_RUN = "not run"


@dataclass(frozen=True)
class Line:
    """A run's gains by dose of a factor, and their slope; None where there are no records."""

    factor: str
    run: str
    trained: bool
    doses: list[float]
    gains: list[Gain | None]
    slope: Gain | None


def expect_doses(facts: Facts) -> Expected:
    declared = read_yaml(facts.root / "experiments" / "manifests" / "doses.yaml")
    grid: Json = declared.get(facts.profile) or {}
    lines = _lines(grid, dose_records(facts)) if grid else []
    known = [line for line in lines if any(line.gains)]
    if not known:
        return Expected()
    cells = {
        "factor": [line.factor for line in lines],
        "run": [line.run for line in lines],
        "trained": ["at the dose" if line.trained else "as it is" for line in lines],
        "doses": [", ".join(f"{dose:g}" for dose in line.doses) for line in lines],
        "gains": [", ".join(gain(g.mean) if g else NOT_RUN for g in line.gains) for line in lines],
        "slope": [gain(line.slope.mean, 2) if line.slope else NOT_RUN for line in lines],
        "90 % interval": [_ends(line.slope) for line in lines],
    }
    table = ExpectedTable(SECTION, [column(name, found) for name, found in cells.items()])
    return Expected([table], [(SECTION[0], _context(str(grid["baseline"]), known))])


def dose_records(facts: Facts) -> list[Record]:
    """Those that agree with the last one on videos, settings and weights."""
    folder = facts.root / "results" / facts.profile
    found = [Record(path, read_json(path)) for path in record_paths(folder, "doses")]
    found = [one for one in found if one.raw["profile"] == facts.profile]
    for last in (_same_videos, _same_settings, _same_weights):
        latest = dict(last(one) for one in sorted(found, key=_finished))
        found = [one for one in found if latest[last(one)[0]] == last(one)[1]]
    return found


def _finished(record: Record) -> str:
    return record.raw["evaluate"].get("finished", "")


def _at(record: Record) -> tuple[str, float, bool]:
    dose, trained = record.raw["dose"], bool(record.raw["trained_at_dose"])
    return str(dose["factor"]), float(dose["value"]), trained


def _same_videos(record: Record) -> tuple[object, str]:
    made = record.raw["evaluate"]
    return _at(record), json.dumps([made["inputs"]["videos"], made["spec"]["evaluation"]])


def _same_settings(record: Record) -> tuple[object, str]:
    trained: Json = {**record.raw["train"].get("spec", {})}
    trained.pop("seed", None)
    carried_out = ("checkpoint_every", "micro_batch")  # no part of a training's key
    settings = trained.get("train", {}).items()
    trained["train"] = {k: k in carried_out or v for k, v in settings}
    text = json.dumps([trained, record.raw["evaluate"]["spec"]], sort_keys=True)
    return (record.run, _at(record)[2]), text


def _same_weights(record: Record) -> tuple[object, str]:
    at = _at(record)
    return (record.run, record.seed, at if at[2] else ""), record.raw["evaluate"]["inputs"]["train"]


def _lines(grid: Json, records: list[Record]) -> list[Line]:
    parts: list[tuple[bool, Json]] = [(False, grid), (True, part_of(grid, "trained"))]
    return [
        _line(records, factor, run, str(grid["baseline"]), list(map(float, doses)), trained)
        for trained, part in parts
        for factor, doses in part.get("factors", {}).items()
        for run in part["runs"]
        if run != grid["baseline"]
    ]


def _line(
    records: list[Record], factor: str, run: str, base: str, doses: list[float], trained: bool
) -> Line:
    by_dose = [
        {(one.run, one.seed): one for one in records if _at(one) == (factor, dose, trained)}
        for dose in doses
    ]
    gains = [_fitted([some], run, base) for some in by_dose]
    return Line(factor, run, trained, doses, gains, _fitted(by_dose, run, base))


def _fitted(by_dose: Sequence[dict[tuple[str, int], Record]], run: str, base: str) -> Gain | None:
    """Of one dose the gain; of more the slope of a straight line over their ranks."""
    whole = [pair for pair in by_dose[0] if all(pair in some for some in by_dose)]
    pairs = [
        [[some[name, seed] for some in by_dose] for name in (run, base)]
        for name, seed in sorted(whole)
        if name == run and (base, seed) in whole
    ]
    metric = np.array([[[one.value("AP") for one in side] for side in pair] for pair in pairs])
    if not pairs or not np.isfinite(metric).all():
        return None
    draws = [
        [[recorded_draws(one, "AP") for one in side] for side in pair] for pair in pairs
    ]  # by seed, side, dose
    flat = [one for pair in draws for side in pair for one in side if one is not None]
    fitted = None
    if len(flat) == metric.size and len({len(one) for one in flat}) == 1:
        drawn = 100 * np.array(draws, float)
        drawn = drawn[..., np.isfinite(drawn).all(axis=(0, 1, 2))]
        fitted = _fit(drawn[:, 0] - drawn[:, 1]) if drawn.shape[-1] > 1 else None
    values = _fit((metric[:, 0] - metric[:, 1])[..., None])[:, 0]
    return estimate(values.tolist(), fitted, int(pairs[0][0][0].metrics.get("videos") or 0))


def _fit(gains: Array) -> Array:
    """(n, B) of (n, D, B): the only dose's, or slopes over ranks."""
    seeds, doses, count = gains.shape
    if doses == 1:
        return gains[:, 0]
    columns = gains.transpose(1, 0, 2).reshape(doses, -1)
    fitted: Array = np.asarray(np.polyfit(np.arange(doses), columns, 1))
    return fitted[0].reshape(seeds, count)


def _ends(one: Gain | None) -> str:
    found = one.bounds if one else None
    return " to ".join(gain(end, 2) for end in found) if found else DASH


def _context(base: str, known: list[Line]) -> Context:
    drawn = [line for line in known if not line.trained]
    told = [
        f"{line.factor}, {line.run}: "
        + ", ".join(
            f"{gain(g.mean)} at {d:g}" for d, g in zip(line.doses, line.gains, strict=True) if g
        )
        for line in drawn
    ]
    context = {"dose_baseline": base, "dose_values": "; ".join(told), "dose_slopes": ""}
    ends = [(line, line.gains[0], line.gains[-1]) for line in drawn]
    spans = [(line, a.mean, b.mean) for line, a, b in ends if a and b]
    if spans:
        line, first, last = max(spans, key=lambda one: abs(one[2] - one[1]))
        context["dose_change"] = (
            f"The gain changes most over {line.factor}: that of {line.run} is {gain(first)} at "
            f"{line.doses[0]:g} and {gain(last)} at {line.doses[-1]:g}."
        )
    slopes = [(line, line.slope) for line in known if line.slope]
    if slopes:
        bounds = [one.bounds or (-np.inf, np.inf) for _, one in slopes]
        rising = fixed(sum(low > 0 for low, _ in bounds), 0)
        falling = fixed(sum(high < 0 for _, high in bounds), 0)
        line, most = max(slopes, key=lambda one: abs(one[1].mean))
        context["dose_slopes"] = (
            f"Of {len(slopes)} slopes {rising} rise and {falling} fall by intervals that leave out "
            f"zero; the steepest is that of {line.run} over {line.factor}, {gain(most.mean, 2)} "
            "points a step."
        )
    return context
