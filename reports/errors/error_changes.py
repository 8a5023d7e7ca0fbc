"""How much less, or more, AP one run loses to each kind of error than another, and its sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.declared.measures import LOSSES
from experiments.declared.tables import Table
from reports.claims.pairs import pair_up
from reports.difficulty.ap_by_part import headline_pairs
from reports.records.main_modules import MERGE
from reports.records.run_record import Record
from reports.statistics.gain import Estimate
from reports.statistics.intervals import leaning, with_interval


@dataclass(frozen=True)
class Change:
    """The change for one kind of error, in points of AP: by seed, and with its interval."""

    kind: str  # in words
    by_seed: list[float]
    estimate: Estimate

    @property
    def is_apart(self) -> bool:
        """Whether the interval leaves out zero."""
        return leaning(self.estimate) != 0


@dataclass(frozen=True)
class Changes:
    """The changes of all kinds between two runs."""

    better: str
    than: str
    kinds: list[Change]


def error_pairs(tables: Sequence[Table]) -> list[tuple[str, str]]:
    """The headlines' pairs, and the same runs over merging alone."""
    return [
        pair
        for better, than in headline_pairs(tables)
        for pair in ((better, than), (better, than + MERGE))
        if pair[0] != pair[1]
    ]


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
    """To which kinds less and more is lost by intervals that leave out zero, largest first."""
    ordered = sorted(one.kinds, key=lambda change: -abs(change.estimate.mean))
    apart = [change for change in ordered if change.is_apart]
    sides = {
        "less AP to": [change for change in apart if change.estimate.mean < 0],
        "more AP to": [change for change in apart if change.estimate.mean > 0],
    }
    parts = [
        f"{side} {', '.join(f'{change.kind} {described(change)}' for change in some)}"
        for side, some in sides.items()
        if some
    ]
    if not parts:
        most = ordered[0]
        return (
            f"Against {one.than}, {one.better} changes the AP lost to no kind of error by an "
            f"interval that leaves out zero; the largest change is that of {most.kind}, "
            f"{described(most)}."
        )
    rest = (
        "; for the other kinds zero lies within the interval" if len(apart) < len(ordered) else ""
    )
    return f"Against {one.than}, {one.better} loses {'; '.join(parts)}{rest}."


def described(change: Change) -> str:
    """A change with its interval."""
    return with_interval(change.estimate, 2)
