"""How much less, or more, AP one run loses to each kind of error than another, and its sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.declared.measures import LOSSES
from reports.claims.pairs import pair_up
from reports.numbers import signed
from reports.records.run_record import Record
from reports.statistics.gain import Estimate


@dataclass(frozen=True)
class Change:
    """The change for one kind of error, in points of AP: by seed, and with its interval."""

    kind: str  # in words
    by_seed: list[float]
    estimate: Estimate


@dataclass(frozen=True)
class Changes:
    """The changes of all kinds between two runs."""

    better: str
    than: str
    kinds: list[Change]


def changes_of(records: Sequence[Record], pairs: Sequence[tuple[str, str]]) -> list[Changes]:
    """For each pair of runs with a common seed whose records hold the losses."""
    found: list[Changes] = []
    for better, than in pairs:
        kinds: list[Change] = []
        for name, words in LOSSES.items():
            paired = pair_up(records, better, than, name)
            estimate = paired.estimate()
            if estimate:
                kind = words.removeprefix("AP lost to ")
                kinds.append(Change(kind, [*paired.differences.values()], estimate))
        if kinds:
            found.append(Changes(better, than, kinds))
    return found


def sentence(one: Changes) -> str:
    """The largest change, and which intervals leave out zero."""
    most = max(one.kinds, key=lambda change: abs(change.estimate.mean))
    lean = "less" if most.estimate.mean < 0 else "more"
    apart = [
        change.kind
        for change in one.kinds
        if change.estimate.bounds
        and not change.estimate.bounds[0] <= 0 <= change.estimate.bounds[1]
    ]
    line = (
        f"Against {one.than}, {one.better} loses {lean} AP to {most.kind} above all, by "
        f"{described(most)}"
    )
    if not apart:
        return f"{line}; no kind's interval leaves out zero."
    return f"{line}; intervals leave out zero for {', '.join(apart)}."


def described(change: Change) -> str:
    """A change with its interval."""
    bounds = change.estimate.bounds
    interval = f" ({signed(bounds[0])} to {signed(bounds[1])})" if bounds else ""
    return f"{signed(change.estimate.mean)}{interval}"
