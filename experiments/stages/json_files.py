"""JSON files that are replaced in one step, so that no reader sees a half-written one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tpr.files import remove, replacing

Record = dict[str, Any]  # an object of a JSON file: whoever reads one checks what it holds


def canonical(value: object) -> str:
    """JSON with one spelling for equal values. Raises ValueError for NaN and infinities."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def write_json(path: Path, value: object, *, lasting: bool = True) -> None:
    """Writes indented JSON by replacing the file in one step; lasting: see `replacing`."""
    with replacing(path, lasting=lasting) as draft:
        draft.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def make_way(path: Path) -> None:
    """Removes whatever blocks the path of one of the suite's own files without being a regular
    file."""
    if path.exists() and not path.is_file():
        remove(path)


def read_json(path: Path) -> Record | None:
    """The object in a file; None where there is no file, or none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
