"""A user's own videos and images as stages: checked and divided, with an index."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.declared.own_data import OwnData, load_own_data
from experiments.stages.json_files import Record, write_json
from experiments.stages.key import Spec
from experiments.stages.progress import Log
from tpr.data.findings import BrokenDataError, report
from tpr.data.formats.origin import Origin
from tpr.data.importing import imported
from tpr.data.preparing.own import AnnotatedFrames, prepare_own
from tpr.data.preparing.prepare import counts
from tpr.devices.machine_record import cores
from tpr.files import sha256

VARIABLE = "TPR_OWN_DATA"  # holds what --data was given
NAMES = ("fingerprint", "dataset", "categories", "validation", "holdout_sha256", "files", "sources")


def prepared(spec: Spec, out: Path, log: Log) -> Record:
    """The splits that the spec names. Raises ValueError where the files are not those of the plan,
    BrokenDataError with all that was found."""
    if "id_maps" in spec:
        parts = annotated(Path(os.environ["TPR_DATA"]), spec, out / "imported", log)
    else:
        own = load_own_data(os.environ[VARIABLE])
        check_same(own, spec)
        parts = {split: found for split, found in own.parts.items() if split in spec["sums"]}
    held_out: dict[str, Any] = spec.get("held_out") or {}
    try:
        index = prepare_own(
            spec["own"],
            parts,
            spec["categories"],
            out,
            share=held_out.get("share"),
            seed=held_out.get("seed", 0),
            limit=spec.get("limit_videos"),
            limit_frames=spec.get("limit_frames"),
            follow_links=bool(os.environ.get("TPR_FOLLOW_LINKS")),
            workers=cores(),
            progress=log.progress,
        )
    except BrokenDataError as error:
        for line in report(error.findings):
            log.info(line)
        raise
    for kind, number in index["notes"].items():
        log.info(f"note: {number} x {kind}")
    found = {f"{split}_videos": videos for split, (videos, _) in counts(index).items()}
    return {name: index[name] for name in (*NAMES, "notes")} | found


def annotated(
    root: Path, spec: Spec, out: Path, log: Log
) -> Mapping[str, Sequence[AnnotatedFrames]]:
    """The annotation file of each split, made from id maps below `root`. Raises ValueError where it
    is not the one that the profile names by its checksum, FileNotFoundError for a missing
    folder."""
    parts = dict[str, list[AnnotatedFrames]]()
    follow_links = bool(os.environ.get("TPR_FOLLOW_LINKS"))
    for split, folder in spec["id_maps"].items():
        maps, frames = (root / folder / name for name in ("Annotations", "JPEGImages"))
        log.info(f"{split}: id maps in {maps}")
        origin = Origin(maps, frames, tuple(spec["categories"]))
        record, notes = imported("davis", origin, follow_links=follow_links)
        for note in notes:
            log.info(f"note: {note}")
        path = out / f"{split}.json"
        write_json(path, record)
        if [found := sha256(path)] != spec["sums"][split]:
            raise ValueError(
                f"{maps}: not the id maps that this profile was declared for: the annotations made "
                f"of them have the sha256 {found}, not {spec['sums'][split][0]} "
                "(docs/cells.md)"
            )
        parts[split] = [AnnotatedFrames(path, frames)]
    return parts


def check_same(own: OwnData, spec: Spec) -> None:
    """Raises ValueError if the manifest or its files changed since the stage was planned."""
    now: Spec = dict(own.settings())
    changed = [split for split, sums in spec["sums"].items() if now["sums"].get(split) != sums]
    changed += [name for name in ("own", "categories") if now[name] != spec[name]]
    if changed:
        raise ValueError(
            f"data {spec['own']} changed since this call began ({', '.join(changed)}): call "
            "./run_all.sh again"
        )
