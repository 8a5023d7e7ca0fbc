"""Digests of code from an earlier call, where no file has changed since.

Reading all code takes two seconds, which a suite with nothing to do should not spend. What is
remembered holds for the files that were read and the folders that they lie in, by size and time.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from experiments.stages.json_files import canonical, read_json, write_json

Stamps = dict[str, list[int]]  # by path: size and time of the last change in nanoseconds


def remembered(
    folder: Path, question: object, files: Callable[[], Iterable[Path]], compute: Callable[[], str]
) -> str:
    """The answer to a question about code that the folder remembers, else the computed one.

    files: all that was read to compute it, known afterwards. A folder that cannot be written only
    costs time.
    """
    name = hashlib.sha256(canonical([question, sys.version]).encode()).hexdigest()
    place = folder / f"{name[:24]}.json"
    found = read_json(place) or {}
    answer, before = found.get("answer"), found.get("stamps")
    if isinstance(answer, str) and isinstance(before, dict) and before:
        if stamps(map(Path, before)) == before:
            return answer
    answer = compute()
    read = {*files(), *Path(__file__).parent.glob("*.py")}
    try:
        folder.mkdir(exist_ok=True)
        told = {"answer": answer, "stamps": stamps({*read, *(one.parent for one in read)})}
        write_json(place, told, lasting=False)
    except OSError:
        pass
    return answer


def stamps(paths: Iterable[Path]) -> Stamps:
    """Of the files and folders that are there."""
    found: Stamps = {}
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        found[str(path)] = [stat.st_size, stat.st_mtime_ns]
    return found
