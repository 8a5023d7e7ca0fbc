"""What modules gain beside how far they align, and where gates open: expected tables and values.

An evaluation's probes, ``metrics["mechanism"]``: "alignment" by level, of where the module looks,
{"levels": {level: {"positions", "error", "none", "correlation"}}} or null, and "gates" by kind and
place. Means are over seeds.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from reports.verify.derived.claims import compared
from reports.verify.derived.expected import Expected, ExpectedTable, column
from reports.verify.facts import Facts, Json, mean
from reports.verify.words import DASH, fixed, gain

SECTION = ("The mechanism",)
NOT_RUN = "not run"
OTHER_REFERENCES = {
    "exact-flow": "aligned by the exact flow",
    "self": "no other frame",
    "other-video": "nothing to align with",
}
PLACES = ("moving", "still", "hidden before", "degraded frame", "background")
GATES = {  # with which of their values is shown
    "inner_reference": ("inner gate of the reference, open", "open"),
    "inner_query": ("inner gate of the query, open", "open"),
    "outer_gate": ("outer gate, kept of the query", "mean"),
}


@dataclass(frozen=True)
class Alignment:
    """On the finest level: end-point error, that of not looking elsewhere, and correlation."""

    error: float
    none: float
    correlation: float | None
    truth: str

    @property
    def followed(self) -> float:
        """Percent of the motion."""
        return 100 * (1 - self.error / self.none) if self.none else 0.0


def alignment(facts: Facts, run: str) -> Alignment | str:
    """A word where there is no number."""
    records = [*facts.records.get(run, {}).values()]
    if not records:
        return NOT_RUN
    model = records[0].raw["train"].get("spec", {}).get("model", {})
    if "temporal" in model and model["temporal"] is None:
        return "no module"
    settings = records[0].raw["evaluate"].get("spec", {}).get("infer", {})
    if word := OTHER_REFERENCES.get(settings.get("reference", "")):
        return word
    probes = _probes(facts, run)
    looked = [one["alignment"]["levels"] for one in probes if one["alignment"]]
    if not looked:
        return "does not look" if probes else NOT_RUN
    level = next(iter(looked[0]))
    finest = [one[level] for one in looked if one[level]["positions"]]
    if not finest:
        return NOT_RUN
    return Alignment(
        _mean(one["error"] for one in finest) or 0.0,
        _mean(one["none"] for one in finest) or 0.0,
        _mean(one["correlation"] for one in finest),
        probes[0]["truth"],
    )


def _probes(facts: Facts, run: str) -> list[Json]:
    records = facts.records.get(run, {}).values()
    return [found for one in records if (found := one.metrics.get("mechanism"))]


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if known else None


def flow_errors(facts: Facts, run: str) -> tuple[float, float, float] | None:
    """On pairs without degraded frames: end-point error of a flow network, of taking nothing to
    move, and of DIS. None of other modules, beside which DIS does not stand."""
    looked = [one["alignment"] for one in _probes(facts, run) if one["alignment"]]
    found = [one for one in looked if one.get("dis")]
    own = [pair for one in found if (pair := one["pairs"].get("clean")) and pair["positions"]]
    beside = [pair for one in found if (pair := one["dis"].get("clean"))]
    dis = [pair["error"] for pair in beside if pair["positions"]]
    if not own or not dis:
        return None
    return mean([one["error"] for one in own]), mean([one["none"] for one in own]), mean(dis)


def is_blind(facts: Facts, run: str) -> bool:
    """Whether a flow network errs as much as who takes nothing to move."""
    errors = flow_errors(facts, run)
    return errors is not None and errors[0] >= errors[1]


def motion_cells(facts: Facts, run: str) -> tuple[str, str]:
    """As tables of the paper have them."""
    found = alignment(facts, run)
    if isinstance(found, str):
        return found, DASH
    return f"{fixed(found.error, 2)} ({fixed(found.none, 2)})", fixed(found.correlation, 2)


def expect_mechanism(facts: Facts) -> Expected:
    asked = [table for table in facts.tables if table.mechanism][::-1]
    runs = list(dict.fromkeys(row.run for table in asked for row in table.rows))
    others = [run for run in runs if "+" in run and run.split("+")[0] in runs]
    if not others:
        return Expected()
    aligned = [alignment(facts, run) for run in others]
    gains = {run: compared(facts, run, run.split("+")[0], "AP") for run in others}
    bounds = [
        " to ".join(gain(end, 2) for end in one.bounds) if one and one.bounds else DASH
        for one in gains.values()
    ]
    known = [None if isinstance(one, str) else one for one in aligned]
    rows = ExpectedTable(
        SECTION,
        [
            column("run", others),
            column("gain over the image model",
                   [gain(one.mean, 2) if one else NOT_RUN for one in gains.values()]),
            column("90 % interval", bounds),
            column("end-point error, cells",
                   [one if isinstance(one, str) else fixed(one.error, 2) for one in aligned]),
            column("not looking elsewhere", [fixed(one.none, 2) if one else DASH for one in known]),
            column("% of the motion followed",
                   [gain(one.followed, 0) if one else DASH for one in known]),
            column("correlation", [fixed(one.correlation, 2) if one else DASH for one in known]),
        ],
    )  # fmt: skip
    told = [
        f"{run} {f'gains {gain(one.mean)}' if one else NOT_RUN}, {_told(found)}"
        for (run, one), found in zip(gains.items(), aligned, strict=True)
    ]
    context = {"mechanisms": "; ".join(told)}
    truths = [one.truth for one in known if one]
    context["motion_truth"] = truths[0] if truths else ""
    tables = [rows, *_flows(facts, others), *_gates(facts, others)]
    return Expected(tables, [(SECTION[0], context)])


def _told(found: Alignment | str) -> str:
    if isinstance(found, str):
        return "alignment not run" if found == NOT_RUN else found
    return f"follows {gain(found.followed, 0)} % of the motion"


def _flows(facts: Facts, runs: list[str]) -> list[ExpectedTable]:
    errors = {run: found for run in runs if (found := flow_errors(facts, run))}
    if not errors:
        return []
    names = (
        "end-point error without degraded frames, cells",
        "that of taking nothing to move",
        "OpenCV's DIS on the same",
    )
    columns = [
        column(name, [fixed(found[place], 2) for found in errors.values()])
        for place, name in enumerate(names)
    ]
    return [ExpectedTable(SECTION, [column("run", [*errors]), *columns])]


def _gates(facts: Facts, runs: list[str]) -> list[ExpectedTable]:
    shown = [
        (run, kind)
        for run in runs
        for kind in GATES
        if any(kind in (one["gates"] or {}) for one in _probes(facts, run))
    ]
    if not shown:
        return []
    columns = [
        column(place, [_share(facts, run, kind, place) for run, kind in shown]) for place in PLACES
    ]
    first = column("run", [run for run, _ in shown])
    kinds = column("gate, percent", [GATES[kind][0] for _, kind in shown])
    return [ExpectedTable(SECTION, [first, kinds, *columns])]


def _share(facts: Facts, run: str, kind: str, place: str) -> str:
    gates = [
        one["gates"][kind][place] for one in _probes(facts, run) if kind in (one["gates"] or {})
    ]
    share = _mean(one[GATES[kind][1]] for one in gates)
    return fixed(None if share is None else 100 * share)
