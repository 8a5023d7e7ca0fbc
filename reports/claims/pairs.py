"""Two runs seed by seed: the differences, their bootstrap draws, and what else differs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reports.numbers import machine
from reports.records.run_record import Record, by_run, paired_differences
from reports.statistics.confidence import Array
from reports.statistics.gain import Estimate, estimate


@dataclass(frozen=True)
class Pairs:
    """Two runs at the seeds that both have, in order.

    differences: in percent points, by seed; draws: (n, B) bootstrap draws of the differences, None
    where records lack them; commits, machines: seeds at which the two were not trained at one
    commit, or not on one kind of machine; evidence: keys of all evaluations that enter.
    """

    differences: dict[int, float]
    draws: Array | None
    videos: int
    commits: list[int]
    machines: list[int]
    evidence: tuple[str, ...]

    def estimate(self) -> Estimate | None:
        """The mean gain with its errors; None without a common seed."""
        if not self.differences:
            return None
        return estimate(list(self.differences.values()), self.draws, self.videos)


def pair_up(records: Sequence[Record], better: str, than: str, metric: str) -> Pairs:
    differences = paired_differences(records, better, than, metric)
    runs = by_run(records)
    sides = [[runs[run][seed] for seed in differences] for run in (better, than)]
    return Pairs(
        differences,
        _paired_draws(sides[0], sides[1], metric),
        sides[0][0].videos if differences else 0,
        _unlike(sides, _commit),
        _unlike(sides, _machine),
        tuple(one.evaluation_key for side in sides for one in side),
    )


def _paired_draws(better: list[Record], than: list[Record], metric: str) -> Array | None:
    """(n, B) differences of `common_draws`; None without these."""
    draws = common_draws([*better, *than], metric)
    return None if draws is None else draws[: len(better)] - draws[len(better) :]


def common_draws(records: Sequence[Record], metric: str) -> Array | None:
    """(n, B) draws of n records, without draws that are undefined in any of them.

    None unless every record has equally many draws of the metric.
    """
    found = [one for record in records if (one := record.draws(metric)) is not None]
    if len(found) < len(records) or len({len(one) for one in found}) != 1:
        return None
    defined = np.isfinite(found).all(axis=0)
    return np.stack(found)[:, defined] if defined.sum() > 1 else None


def _unlike(sides: list[list[Record]], trait: Callable[[Record], str]) -> list[int]:
    return [a.seed for a, b in zip(*sides, strict=True) if trait(a) != trait(b)]


def _commit(record: Record) -> str:
    git: dict[str, Any] = record.train.get("git") or {}
    return str(git.get("commit"))


def _machine(record: Record) -> str:
    return machine(record.train.get("hardware"))
