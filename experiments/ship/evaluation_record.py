"""The record of a run's finished evaluation in results/<profile>/, with its matches beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.ship.shipped_matches import copy_matches, kept_matches, matches_of
from experiments.ship.shipped_records import RECORDS, folder, record_path
from experiments.stages.json_files import Record, make_way, read_json, write_json
from experiments.stages.layout import Layout
from experiments.stages.outputs import OF_FOLDER
from experiments.stages.stage import Stage
from tpr.files import sha256


def write_result(stage: Stage, layout: Layout) -> bool:
    """Writes records/<run>-seed<k>.json of a finished evaluation; True if it is new. An earlier
    failure of the run is removed."""
    (layout.failed / f"{stage.name}.json").unlink(missing_ok=True)
    train = stage.inputs["train"]
    pretrained = {role: part for role, part in train.inputs.items() if role != "videos"}
    return write_record(stage, layout, RECORDS, {"evaluate": stage, "train": train, **pretrained})


def write_record(
    stage: Stage,
    layout: Layout,
    kind: str,
    parts: Mapping[str, Stage],
    facts: Record | None = None,
    kept: Mapping[str, Sequence[str]] | None = None,
) -> bool:
    """Writes a finished evaluation's record and matches to results/<profile>/<kind>; where one of
    that name ships, to own/. True if new.

    The part of a stage whose folder has been deleted stays as it was. facts: what the record says
    beside run, seed and the records of `parts`; kept: of some parts the only entries that are
    taken.
    """
    name = f"{stage.name}.json"
    path = record_path(layout, name, kind)
    shipped = read_json(folder(layout, kind) / name) or {}
    old = read_json(path) or shipped
    records = records_of(parts, old, layout)
    matches = kept_matches(stage, layout)
    if matches and records["evaluate"]:
        records["evaluate"]["matches"] = sha256(matches)
    for part, entries in (kept or {}).items():
        if records[part]:
            records[part] = {k: v for k, v in records[part].items() if k in entries}
    named = {"run": stage.run, "seed": stage.seed, "profile": stage.profile}
    result: Record = named | (facts or {}) | records
    if result in (old, shipped):
        return False
    make_way(path)
    if matches:
        copy_matches(matches, matches_of(path))
    write_json(path, result)
    return True


def records_of(parts: Mapping[str, Stage], old: Record, layout: Layout) -> Record:
    """By kind the record of each stage; of one whose folder was deleted what `old` has of it."""
    records: Record = {}
    for kind, part in parts.items():
        known = old.get(kind)
        kept = known if isinstance(known, dict) and known.get("key") == part.key else None
        records[kind] = source(part.record(layout)) or kept
    return records


def source(record: Record | None) -> Record | None:
    """The record without entries on its folder; shipped weights are replaced by the record that
    they come from."""
    if record is None or "shipped" not in record:
        return record and {k: v for k, v in record.items() if k not in OF_FOLDER}
    return {"key": record["key"], **record["shipped"], "metrics": record["metrics"]}
