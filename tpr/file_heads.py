"""The actual kind of a file whose content is not what its name promises, told by its first bytes;
and what to do.

The one list for checkpoints, JSON, XML, pictures and videos: all of them are downloaded, packed,
and kept in git-LFS.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

HEAD = 512  # bytes that tell


class Other(NamedTuple):
    """A kind of file. what: its name for people; fix: what to do about it."""

    what: str
    fix: str


PACKED = {
    b"\x1f\x8b": Other("a gzip archive", "unpack it first"),
    b"PK\x03\x04": Other("a zip file", "unpack it first"),
    b"BZh": Other("a bzip2 archive", "unpack it first"),
    b"\xfd7zXZ": Other("an xz archive", "unpack it first"),
    b"\x28\xb5\x2f\xfd": Other("a zstd archive", "unpack it first"),
    b"7z\xbc\xaf\x27\x1c": Other("a 7-Zip archive", "unpack it first"),
    b"Rar!": Other("a RAR archive", "unpack it first"),
    b"\0" * 16: Other("all zeros at its beginning", "the download did not finish, repeat it"),
}
POINTER = b"version https://git-lfs.github.com/spec/"
WEB_PAGE = (b"<!doctype html", b"<html", b"<head")
XML = b"<?xml"


def packed(head: bytes) -> Other | None:
    """What packs files, if it begins so."""
    found = next((other for magic, other in PACKED.items() if head.startswith(magic)), None)
    tar = head[257:262] == b"ustar"
    return found or (Other("a tar archive", "unpack it first") if tar else None)


def other_kind(head: bytes) -> Other | None:
    """What packs files, or came in place of a download; None for anything else."""
    if head.startswith(POINTER):
        return Other("a git-LFS pointer", "`git lfs pull` fetches the file")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(WEB_PAGE):
        fix = "its address led to a login, a warning or an error; open it in a browser and save "
        return Other("a web page", f"{fix}the file behind it")
    if text.startswith(XML):
        return Other("an XML file", "servers answer so where they refuse; open it in an editor")
    return packed(head)


def other_kind_of(path: Path) -> Other | None:
    """`other_kind` of a regular file; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return other_kind(file.read(HEAD))
    except OSError:
        return None
