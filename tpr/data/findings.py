"""Irregularities and defects of annotations and results, by kind, number and place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

SHOWN = 5  # places of a kind that a report names


class Kind(NamedTuple):
    """usable: whether a data set with such an entry can be trained on; meaning: the consequence."""

    usable: bool
    meaning: str


AS_API = "as in the public API"
KINDS = {
    # of a data set's file
    "broken record": Kind(False, "cannot be read"),
    "no annotations": Kind(False, "every number is undefined, and there is nothing to train on"),
    "data set without tracks": Kind(
        False, "every number is undefined, and there is nothing to train on"
    ),
    "annotation of an unknown video": Kind(False, "left out"),
    "annotation of an unknown category": Kind(False, "left out"),
    "annotation id twice": Kind(False, f"{AS_API}, the last one with an id stands for all of them"),
    "annotation id 0": Kind(
        True,
        f"{AS_API}, which stores a match as the annotation's id and reads id 0 as no match, the "
        "track is never found and what finds it is a false positive; number annotations from 1",
    ),
    "video without a size": Kind(False, "mask sizes are not compared with it"),
    "video without a length": Kind(False, "numbers of masks are not compared with it"),
    "length that is not the number of file names": Kind(False, "the file names count"),
    "file name with backslashes": Kind(True, "read as folders, as Windows writes them"),
    "masks for another number of frames": Kind(
        False, f"{AS_API}, frames that one of two tracks has no entry for count on neither side"
    ),
    "boxes or areas for another number of frames": Kind(False, f"taken as they are, {AS_API}"),
    "crowd": Kind(True, "left out of training; in an evaluation results on it count neither way"),
    "crowd in some frames of an object": Kind(True, "the track stays an object"),
    # of imports
    "frame without an annotation, left out": Kind(
        True, "the frames around it become neighbours; --keep-unlabelled keeps it"
    ),
    "frame without an annotation, kept": Kind(True, "a frame without objects"),
    "video without annotations, left out": Kind(True, "its folder of frames is not used"),
    "void region of id maps": Kind(True, "neither object nor crowd: left out"),
    "label without group_id": Kind(
        True, "it is taken for one object of the video, as it stands once a picture"
    ),
    "label that ends in a number": Kind(
        True, "a category of its own; with --categories NAME, NAME-1 is an object of NAME"
    ),
    "label that is no category": Kind(True, "left out"),
    "shape without an area": Kind(True, "left out"),
    "box": Kind(True, "the object's mask is the whole box"),
    "shape on a frame that is not there": Kind(True, "left out"),
    "frame between keyframes without a shape": Kind(True, "the object is not there"),
    "object in one frame only, without a track id": Kind(True, "a track of one frame"),
    "flag of labelme": Kind(True, "flags are not read; the shapes are"),
    "entry without a segmentation": Kind(True, "the object is not there; a box is no mask"),
    "object in several parts": Kind(True, "parts of one object in a frame are joined"),
    # of its masks and frames
    "mask of another size than its video": Kind(
        False,
        f"{AS_API}, it meets masks of its own size only; with others its frame counts on neither "
        "side; it is not drawn",
    ),
    "broken mask": Kind(False, "cannot be read"),
    "missing frame": Kind(False, "cannot be read"),
    "frame of another size": Kind(False, "its masks do not fit"),
    "broken frame": Kind(False, "cannot be read"),
    "absent frame (null in file_names)": Kind(True, "left out"),
    "frame outside, behind a link": Kind(True, "followed, as asked"),
    "mask on an absent frame": Kind(True, "not used for training"),
    "mask without pixels": Kind(True, "read as no object"),
    "track without a mask": Kind(True, "in an evaluation it counts as missed"),
    "video without tracks": Kind(True, "in an evaluation every result there is a false positive"),
    "category without true tracks": Kind(True, "counts in no number"),
    # of results
    "no results": Kind(True, "nothing is found"),
    "result of an unknown category": Kind(True, f"left out, {AS_API}"),
    "video without results": Kind(True, "its true tracks count as missed"),
    "result twice": Kind(True, "the second of equal results is a false positive"),
    "result without a mask": Kind(True, "a false positive"),
    "result with masks that are not compressed RLE": Kind(
        True, "read here; the benchmark's servers refuse it"
    ),
    "result beyond those that count in its video and category": Kind(True, "left out"),
    "category with results of which none matches": Kind(True, "its AP is 0"),
    "results that overlap no true track at all": Kind(
        True, "are they of these videos, and their masks and category ids counted alike?"
    ),
    "comparison over less than two videos": Kind(
        True, "there is nothing to draw from, and so no interval"
    ),
}

Report = Callable[[str, str], None]  # takes a kind of KINDS and the place with what is wrong there


class Finding(NamedTuple):
    """kind: one of KINDS; where: the place and what is wrong, one line."""

    kind: str
    where: str


class Note(NamedTuple):
    """All findings of a kind; `first` is the place of the first one."""

    kind: str
    count: int  # pyright: ignore[reportIncompatibleMethodOverride]: no tuple's count is used here
    first: str

    @property
    def sentence(self) -> str:
        return f"{self.count} x {self.kind}: {KINDS[self.kind].meaning} (the first: {self.first})"


class Tally:
    """Counts findings by kind and keeps the first place of each."""

    def __init__(self) -> None:
        self._notes: dict[str, Note] = {}

    def add(self, kind: str, where: str, count: int = 1) -> None:
        before = self._notes.get(kind, Note(kind, 0, where))
        self._notes[kind] = before._replace(count=before.count + count)

    def notes(self) -> list[Note]:
        """The notes of all kinds found, in the order of KINDS."""
        return [self._notes[kind] for kind in KINDS if kind in self._notes]


class BrokenDataError(ValueError):
    """A data set that cannot be used; `findings` are all that its check found."""

    def __init__(self, name: str, findings: list[Finding]) -> None:
        self.findings = findings
        counts = ", ".join(f"{n} x {kind}" for kind, n in counted(findings, usable=False).items())
        super().__init__(f"{name} cannot be used: {counts}")


def counted(findings: Iterable[Finding], *, usable: bool) -> dict[str, int]:
    """Number of findings of each kind that can or cannot be used, in the order of KINDS."""
    kinds = [finding.kind for finding in findings]
    return {k: n for k, kind in KINDS.items() if kind.usable == usable and (n := kinds.count(k))}


def report(findings: Iterable[Finding], shown: int | None = SHOWN) -> list[str]:
    """Lines for people: each kind with its number and first places (None: all), problems first."""
    places: dict[str, list[str]] = defaultdict(list)
    for finding in findings:
        places[finding.kind].append(finding.where)
    lines = []
    for kind in sorted(places, key=lambda kind: (KINDS[kind].usable, list(KINDS).index(kind))):
        word = "note" if KINDS[kind].usable else "PROBLEM"
        lines.append(f"{word}: {kind}: {len(places[kind])}")
        lines += [f"  {where}" for where in places[kind][:shown]]
        if shown is not None and len(places[kind]) > shown:
            lines.append(f"  and {len(places[kind]) - shown} more")
    return lines
