"""Records made here beside those that ship with the repository: never mixed, and compared.

Tables and claims rest on the shipped records. Own ones enter them where nothing of that run ships,
or where what ships is of other settings; all own ones are named and set beside the shipped ones.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.layout import Layout
from experiments.shipped_records import shipped_problems, shipped_states
from reports.claims.judging import ClaimResult, noise_of
from reports.numbers import number, signed
from reports.paper.published_tables import load_profile
from reports.records.comparable import method_identity, run_identity, shared_identity
from reports.records.failed import Failed, load_failed
from reports.records.run_record import Record, load_records, paired_differences
from reports.records.whole_split import complete, split_size


@dataclass(frozen=True)
class Pool:
    """shipped: as committed; own: made here (empty where nothing ships: there is nothing to tell
    apart); failed: runs that replace their records; problems: a line for all that is not used."""

    shipped: list[Record]
    own: list[Record]
    failed: list[Failed]
    problems: list[str]

    @property
    def shown(self) -> list[Record]:
        """What tables and claims may rest on."""
        known = {settings(record) for record in self.shipped}
        return [*self.shipped, *(record for record in self.own if settings(record) not in known)]


def load_pool(layout: Layout) -> Pool:
    """Every usable record of a profile; the later of two own ones of a run and seed."""
    states, failed = shipped_states(layout), load_failed(layout)
    changed = {name for name, what in states.items() if what}
    kept, problems = _usable(layout, layout.records, failed, states)
    kept = [record for record in kept if file_name(record) not in changed]
    problems = [one.line for one in failed] + shipped_problems(layout) + problems
    if not states:
        return Pool(kept, [], failed, problems)
    ours = [record for record in kept if file_name(record) not in states]
    extra, more = _usable(layout, layout.own, failed)
    latest: dict[tuple[str, int], Record] = {}
    for record in sorted([*ours, *extra], key=lambda one: str(one.evaluate.get("finished", ""))):
        latest[record.run, record.seed] = replace(record, own=True)
    shipped = [record for record in kept if record not in ours]
    return Pool(shipped, list(latest.values()), failed, problems + more)


def _usable(
    layout: Layout, folder: Path, failed: list[Failed], shipped: Collection[str] = ()
) -> tuple[list[Record], list[str]]:
    """A folder's records of the whole split that no later failure replaces; lines on the others."""
    found, problems = load_records(folder, layout.profile)
    size = split_size(load_profile(layout.manifests, layout.profile))
    found, more = complete(found, size)
    kept = [
        record
        for record in found
        if not any(one.replaces(record, file_name(record) in shipped) for one in failed)
    ]
    return kept, problems + more


def file_name(record: Record) -> str:
    return f"{record.run}-seed{record.seed}.json"


def settings(record: Record) -> tuple[str, ...]:
    """What two records of one run must share for their numbers to be comparable."""
    parts = (shared_identity(record), method_identity(record), run_identity(record))
    return (record.run, *(text for part in parts for text in part.values()))


def own_view(pool: Pool, claims: list[ClaimResult]) -> dict[str, Any]:
    """The page's section on own records; empty without any."""
    if not pool.own:
        return {}
    by_name = {(one.run, one.seed): one for one in pool.shipped}
    pairs = [(one, by_name.get((one.run, one.seed))) for one in pool.own]
    same = [(a, b) for a, b in pairs if b is not None and settings(a) == settings(b)]
    return {
        "summary": _summary(pool, same),
        "rows": [_row(own, shipped) for own, shipped in pairs],
        "claims": [row for row in (_claim_row(pool, one) for one in claims) if row],
    }


def _summary(pool: Pool, same: list[tuple[Record, Record]]) -> str:
    line = f"{len(pool.shipped)} records ship with the repository, {len(pool.own)} were made here."
    if not same:
        return f"{line} None of these has the run, seed and settings of a shipped one."
    gaps = [abs(own.metric("AP") - shipped.metric("AP")) for own, shipped in same]
    line += (
        f" {len(same)} repeat a shipped one with the same settings and seed: AP is "
        f"{number(float(np.mean(gaps)), 2)} apart on average, {number(max(gaps), 2)} at most."
    )
    noise = noise_of(pool.shipped, "AP")
    if noise is None:
        return line
    spread = number(noise.seed**0.5, 2)
    return f"{line} Another seed changes AP by {spread} (standard deviation, shipped records)."


def _row(own: Record, shipped: Record | None) -> dict[str, str]:
    same = shipped is not None and settings(own) == settings(shipped)
    gap = own.metric("AP") - shipped.metric("AP") if same else None
    return {
        "run": own.run,
        "seed": str(own.seed),
        "own": number(own.metric("AP"), 2),
        "shipped": number(shipped.metric("AP") if shipped else None, 2),
        "difference": signed(gap, 2),
        "note": _note(own, shipped, same),
    }


def _note(own: Record, shipped: Record | None, same: bool) -> str:
    if shipped is None:
        return "this run and seed does not ship"
    if not same:
        return "other settings or data: not comparable"
    equal = own.evaluate["metrics"].get("AP") == shipped.evaluate["metrics"].get("AP")
    return "the same to the last digit" if equal else "same settings and seed"


def _claim_row(pool: Pool, result: ClaimResult) -> dict[str, str] | None:
    """A claim's gain by own records alone, beside the shipped one's interval."""
    claim = result.claim
    gains = paired_differences(pool.own, claim.better, claim.than, claim.metric)
    found = result.estimate
    if not gains or found is None:
        return None
    mean = float(np.mean(list(gains.values())))
    inside = None if found.low is None else found.low <= mean <= found.high
    return {
        "name": claim.name,
        "where": result.table.paper,
        "own": f"{signed(mean)} ({_seeds(list(gains))})",
        "shown": f"{signed(found.mean)} ({_seeds(list(result.differences))})",
        "inside": {True: "yes", False: "no", None: "no interval"}[inside],
    }


def _seeds(seeds: list[int]) -> str:
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
