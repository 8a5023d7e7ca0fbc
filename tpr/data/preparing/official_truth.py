"""Ground truth of an official validation set, where it is at hand: OVIS gives it out since 2026."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tpr.data.json_input import entries, read_json
from tpr.data.preparing.layouts import named_folders

# validGT.json, as users of OVIS's download call it, and other spellings of the split
NAME = re.compile(r"((annotations|instances)_)?val(id)?_?gt\.json", re.IGNORECASE)


def truth_file(root: Path, dataset: str) -> Path | None:
    """The file with the ground truth below `root`: the data set's folder, or one that holds it."""
    for folder in (root, *named_folders(root, dataset)):
        for place in (folder, folder / "annotations", folder / "valid", folder / "val"):
            found = sorted(path for path in place.glob("*.json") if NAME.fullmatch(path.name))
            if found:
                return found[0]
    return None


def with_truth(record: dict[str, Any], path: Path, truth: Path) -> dict[str, Any]:
    """The validation file at `path`, `record`, with the annotations of `truth`.

    ValueError where that has none, or those of other videos or categories.
    """
    given = read_json(truth)
    if not isinstance(given, dict) or not given.get("annotations"):
        raise ValueError(f"{truth}: no ground truth (no annotations)")
    for key, name in (("videos", "file_names"), ("categories", "name")):
        own, others = (
            {entry.get("id"): entry.get(name) for entry in entries(one, key, str(where))}
            for one, where in ((record, path), (given, truth))
        )
        if own != others:
            raise ValueError(f"{truth}: its {key} are not those of {path.name}")
    return record | {"annotations": given["annotations"]}
