"""All usable records of a profile: those that ship with the repository, and those made here.

The two are never mixed. Tables and claims rest on the shipped ones; a record made here enters them
only where nothing of that run ships, or where what ships is of other settings.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from experiments.ship.shipped_records import shipped_problems, shipped_states
from experiments.stages.layout import Layout
from reports.records.comparable import method_identity, run_identity, shared_identity
from reports.records.copies import without_copies
from reports.records.failed import FailedRun, load_failed
from reports.records.profile_manifest import load_profile, split_size
from reports.records.run_record import Record, load_records
from reports.records.whole_split import on_whole_split


@dataclass(frozen=True)
class Pool:
    """The usable records of a profile.

    shipped: as committed; made_here: by this copy's user (empty where nothing ships, as the two
    cannot be told apart then); failed: runs whose failure replaces their records; problems: a line
    for everything that is not used.
    """

    shipped: list[Record]
    made_here: list[Record]
    failed: list[FailedRun]
    problems: list[str]

    @property
    def for_tables(self) -> list[Record]:
        """The records that tables and claims may rest on."""
        known = {settings(record) for record in self.shipped}
        new = [record for record in self.made_here if settings(record) not in known]
        return [*self.shipped, *new]


def load_pool(layout: Layout) -> Pool:
    """Every usable record of a profile; of two made here of one run and seed, the later one."""
    states, failed = shipped_states(layout), load_failed(layout)
    size = split_size(load_profile(layout.manifests, layout.profile))
    changed = {name for name, what in states.items() if what}
    kept, problems = _usable(layout.records, layout.profile, size, failed, states, changed)
    problems = [one.line for one in failed] + shipped_problems(layout) + problems
    if not states:
        return Pool(kept, [], failed, problems)
    shipped = [record for record in kept if record.file_name in states]
    beside = [record for record in kept if record.file_name not in states]
    extra, more = _usable(layout.own, layout.profile, size, failed)
    latest: dict[tuple[str, int], Record] = {}
    for record in sorted([*beside, *extra], key=lambda one: one.finished):
        latest[record.run, record.seed] = replace(record, made_here=True)
    return Pool(shipped, list(latest.values()), failed, problems + more)


def _usable(
    folder: Path,
    profile: str,
    size: int | None,
    failed: Sequence[FailedRun],
    shipped: Collection[str] = (),
    changed: Collection[str] = (),
) -> tuple[list[Record], list[str]]:
    """A folder's records of the whole split that no later failure replaces; and lines on the
    others.

    size: number of videos of that split, None if unknown; shipped: file names of those that ship;
    changed: of those that are not as shipped, which are not used and tell nothing of others.
    """
    found, problems = load_records(folder, profile)
    found, more = on_whole_split(found, size)
    found = [
        record
        for record in found
        if record.file_name not in changed
        and not any(one.replaces(record, record.file_name in shipped) for one in failed)
    ]
    kept, copied = without_copies(found)
    return kept, problems + more + copied


def settings(record: Record) -> tuple[str, ...]:
    """Properties that two records of one run must share for their numbers to be comparable."""
    parts = (shared_identity(record), method_identity(record), run_identity(record))
    return (record.run, *(text for part in parts for text in part.values()))
