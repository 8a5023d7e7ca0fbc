"""The files that a finished stage wrote, with checksums, so that modified or missing ones are
noticed.

A stage's folder holds outputs.json, which names every file with size, time and sha256; the record
holds the checksum of outputs.json and a seal over itself. Records made before these existed have
none and are accepted.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from experiments.stages.json_files import Record, canonical, read_json, write_json
from tpr.files import sha256

FILE, SEAL = "outputs.json", "seal"
# files about the stage that are no results of it; a folder stands for all files in it
TELLING_FILES = (
    *("stage.json", "record.json", FILE, "log.txt", "progress.json", "failed.json"),
    "submitted.json",
)
TELLING = {*TELLING_FILES, "slurm", "errors", "tensorboard"}
OF_FOLDER = ("outputs", SEAL)  # entries of a record that concern its folder only
WEIGHTS = ("pretrain", "pretrain-flow", "train")  # kinds of stages whose result is weights.pt


def take_stock(folder: Path) -> Record:
    """Writes outputs.json; returns its entry of the record: number and bytes of files, checksum."""
    files = {name: entry(folder / name) for name in sorted(outputs(folder))}
    write_json(folder / FILE, files)
    total = sum(one.get("size", 0) for one in files.values())
    return {"files": len(files), "bytes": total, "sha256": sha256(folder / FILE)}


def outputs(folder: Path) -> Iterator[str]:
    """Names of all files and links below a stage's folder, except TELLING and hidden ones."""
    for here, folders, files in os.walk(folder):
        inside = Path(here).relative_to(folder)
        names = [inside / name for name in files]
        names += [inside / name for name in folders if (folder / inside / name).is_symlink()]
        yield from (str(x) for x in names if x.parts[0] not in TELLING and x.name[0] != ".")


def entry(path: Path) -> Record:
    """A link's target, or a file's size in bytes, time of writing in ns, and checksum."""
    if path.is_symlink():
        return {"link": os.readlink(path)}
    found = path.stat()
    return {"size": found.st_size, "time": found.st_mtime_ns, "sha256": sha256(path)}


def damage(folder: Path, record: Record, *, thorough: bool) -> str:
    """What is missing from a finished stage's files or was modified since; "" if nothing.

    thorough: computes the checksums of all files, else only of those whose size or time differs.
    """
    stock = record.get("outputs")
    if not isinstance(stock, dict):
        missing = record.get("stage") in WEIGHTS and not (folder / "weights.pt").is_file()
        return "weights.pt is missing" if missing else ""
    listed = read_json(folder / FILE)
    if listed is None or sha256(folder / FILE) != stock.get("sha256"):
        return f"{FILE} is missing or damaged"
    problems = (problem(folder / name, one, thorough) for name, one in listed.items())
    found = [f"{name} is {what}" for name, what in zip(listed, problems, strict=True) if what]
    more = f" and {len(found) - 1} more files" if len(found) > 1 else ""
    return f"{found[0]}{more}" if found else ""


def problem(path: Path, listed: Record, thorough: bool) -> str:
    """What is wrong with one file, in a few words; "" if nothing is."""
    if "link" in listed:
        same = path.is_symlink() and os.readlink(path) == listed["link"]
        return "" if same and path.exists() else "missing or leads nowhere"
    if path.is_symlink() or not path.is_file():
        return "missing"
    found = path.stat()
    if found.st_size != listed["size"]:
        return "damaged (another size)"
    if not thorough and found.st_mtime_ns == listed["time"]:
        return ""
    return "" if sha256(path) == listed["sha256"] else "damaged (another checksum)"


def sealed(record: Record) -> Record:
    """The record with a checksum over its own content."""
    return record | {SEAL: seal(record)}


def seal(record: Record) -> str:
    content = canonical({name: value for name, value in record.items() if name != SEAL})
    return hashlib.sha256(content.encode()).hexdigest()


def read_record(folder: Path) -> Record | None:
    """A stage folder's record; None if there is none, or if it was modified since it was
    written."""
    record = read_json(folder / "record.json")
    if record is None or SEAL not in record:
        return record
    try:
        return record if record[SEAL] == seal(record) else None
    except ValueError:  # NaN, which no record holds
        return None
