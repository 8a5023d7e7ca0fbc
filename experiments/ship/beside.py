"""Records of a run's evaluations beside those of results/<profile>/records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.ship.publish import records_of
from experiments.ship.shipped_matches import copy_matches, kept_matches, matches_of
from experiments.ship.shipped_records import folder, record_path
from experiments.stages.json_files import Record, make_way, read_json, write_json
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage
from tpr.files import sha256


def write_beside(
    stage: Stage,
    layout: Layout,
    kind: str,
    facts: Record,
    parts: Mapping[str, Stage],
    kept: Mapping[str, Sequence[str]],
) -> bool:
    """Writes a finished evaluation's record and matches to results/<profile>/<kind>; where one of
    that name ships, to own/<kind>. True if new.

    facts: what the record says beside run, seed and the records of `parts`; kept: of some parts the
    only entries that are taken.
    """
    name = f"{stage.name}.json"
    path = record_path(layout, name, kind)
    shipped = read_json(folder(layout, kind) / name) or {}
    old = read_json(path) or shipped
    records = records_of(parts, old, layout)
    matches = kept_matches(stage, layout)
    if matches and records["evaluate"]:
        records["evaluate"]["matches"] = sha256(matches)
    for part, entries in kept.items():
        if records[part]:
            records[part] = {k: v for k, v in records[part].items() if k in entries}
    named = {"run": stage.run, "seed": stage.seed, "profile": stage.profile}
    result: Record = named | facts | records
    if result in (old, shipped):
        return False
    make_way(path)
    if matches:
        copy_matches(matches, matches_of(path))
    write_json(path, result)
    return True
