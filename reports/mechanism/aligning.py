"""How far a run's module aligns, over its seeds, or in a word why it is unknown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reports.records.run_record import Record
from tpr.references.choice import EXACT_FLOW, OTHER_VIDEO, SELF, choice_of

NOT_RUN = "not run"  # without a record, or with one from before there were probes
NO_MODULE = "no module"
DOES_NOT_LOOK = "does not look"
OTHER_REFERENCES = {
    EXACT_FLOW: "aligned by the exact flow",
    SELF: "no other frame",
    OTHER_VIDEO: "nothing to align with",
}


@dataclass(frozen=True)
class Aligning:
    """Means over the seeds that were probed, on the finest level, in its cells.

    error: end-point error of where the module looks; none: of not looking elsewhere at all;
    followed: the share of the motion that it follows, 1 - error / none; correlation: None where
    the module looks nowhere else; clean, dis: (error, none) on pairs without degraded frames, of
    the module and of OpenCV's DIS, of flow networks only.
    """

    level: str
    error: float
    none: float
    correlation: float | None
    seeds: int
    truth: str
    clean: tuple[float, float] | None
    dis: tuple[float, float] | None

    @property
    def followed(self) -> float:
        return 1 - self.error / self.none if self.none else 0.0

    @property
    def is_blind(self) -> bool:
        """Whether a flow network's error on clean frames is no smaller than that of assuming no
        motion."""
        return self.dis is not None and self.clean is not None and self.clean[0] >= self.clean[1]


def probes(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Results of the probes, by seed; records from before there were probes have none."""
    return [found for one in records if (found := one.metrics.get("mechanism"))]


def aligning(records: Sequence[Record]) -> Aligning | str:
    """Alignment of one run by its records; a word where there is no number."""
    if not records:
        return NOT_RUN
    if is_plain(records[0]):
        return NO_MODULE
    choice = choice_of(records[0].evaluate.get("spec", {}).get("infer", {}))
    if choice in OTHER_REFERENCES:
        return OTHER_REFERENCES[choice]
    found = probes(records)
    if not found:
        return NOT_RUN
    looked = [one["alignment"] for one in found if one["alignment"]]
    if not looked:
        return DOES_NOT_LOOK
    level = next(iter(looked[0]["levels"]))
    finest = [one["levels"][level] for one in looked if one["levels"][level]["positions"]]
    if not finest:
        return NOT_RUN
    return Aligning(
        level=level,
        error=mean(finest, lambda one: one["error"]) or 0.0,
        none=mean(finest, lambda one: one["none"]) or 0.0,
        correlation=mean(finest, lambda one: one["correlation"]),
        seeds=len(finest),
        truth=found[0]["truth"],
        clean=_errors([one["pairs"].get("clean") for one in looked]),
        dis=_errors([one["dis"] and one["dis"].get("clean") for one in looked]),
    )


def is_plain(record: Record) -> bool:
    """Whether the run has no temporal module, by its record."""
    model = record.train.get("spec", {}).get("model", {})
    return "temporal" in model and model["temporal"] is None


def mean(found: Sequence[Any], value: Callable[[Any], float | None]) -> float | None:
    """Mean over the results that have a value."""
    values = [x for one in found if (x := value(one)) is not None]
    return float(np.mean(values)) if values else None


def _errors(found: Sequence[dict[str, Any] | None]) -> tuple[float, float] | None:
    known = [one for one in found if one and one["positions"]]
    errors = mean(known, lambda one: one["error"]), mean(known, lambda one: one["none"])
    return None if errors[0] is None or errors[1] is None else (errors[0], errors[1])
