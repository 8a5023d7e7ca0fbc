"""CVAT's XML files, read section by section: a file of gigabytes takes the memory of its shapes.

Document types are refused before anything in them is read, and with them entities that expand to
gigabytes or read other files; so is nesting that no export has.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from tpr.data.json_input import shown
from tpr.data.media.pictures import check_regular
from tpr.file_heads import HEAD, XML, other_kind

DEEPEST = 20  # elements in each other
BLOCK = 2**16  # bytes


class Task(NamedTuple):
    """A task, or a job of one. size: number of its frames, None where the file does not say it;
    start, step: its first frame's number in the video, and from each to the next; sides: height
    and width of its frames, or None."""

    id: str | None
    names: tuple[str, ...]  # of its video file and its own
    size: int | None
    start: int
    step: int
    sides: tuple[int, int] | None


class Export(NamedTuple):
    """labels: in the order of the file; tracks and images: the elements."""

    tasks: list[Task]
    labels: list[str]
    tracks: list[Element]
    images: list[Element]


def read_export(path: Path) -> Export:
    """FileNotFoundError or ValueError in one line that names the file."""
    sections: dict[str, list[Element]] = {"meta": [], "track": [], "image": []}
    root = parse(path, lambda element: sections.get(element.tag, []).append(element))
    if root != "annotations" or not any(sections.values()):
        raise ValueError(f"{path}: not an export of CVAT (CVAT for video 1.1 or for images 1.1)")
    jobs = [one for meta in sections["meta"] for one in meta.iter("job")]
    found = jobs or [one for meta in sections["meta"] for one in meta.iter("task")]
    try:
        tasks = [task_of(one) for one in found]
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    names = [one.findtext("name") for meta in sections["meta"] for one in meta.iter("label")]
    labels = list(dict.fromkeys(name for name in names if name))
    return Export(tasks, labels, sections["track"], sections["image"])


def parse(path: Path, take: Callable[[Element], None]) -> str | None:
    """Gives each child of the root to `take`; returns the root's tag."""
    check_regular(path)
    sections = _Sections(take)
    parser = ElementTree.XMLParser(target=sections)
    try:
        with path.open("rb") as file:
            head = file.peek(HEAD)
            if not head.lstrip().startswith(XML) and (other := other_kind(head)):
                raise ValueError(f"{other.what}, not XML: {other.fix}")
            while block := file.read(BLOCK):
                parser.feed(block)
        parser.close()
    except (ElementTree.ParseError, LookupError) as error:
        raise ValueError(f"{path}: not valid XML ({error})") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from None
    return sections.root


class _Sections(ElementTree.TreeBuilder):
    """Builds the children of the root one after the other."""

    def __init__(self, take: Callable[[Element], None]) -> None:
        super().__init__()
        self.take, self.open, self.root = take, [], None

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise ValueError("has a document type (<!DOCTYPE>), which no export has: remove it")

    def start(self, tag: str, attributes: dict[str, str]) -> Element:
        if len(self.open) == DEEPEST:
            raise ValueError(f"elements are nested more than {DEEPEST} deep")
        self.open.append(super().start(tag, attributes))
        self.root = self.root or tag
        return self.open[-1]

    def end(self, tag: str) -> Element:
        element = super().end(tag)
        self.open.pop()
        if len(self.open) == 1:
            self.open[0].remove(element)
            self.take(element)
        return element


def task_of(element: Element) -> Task:
    """ValueError where its numbers are none."""
    size, start, height, width = (
        whole(element.findtext(key), key)
        for key in ("size", "start_frame", "original_size/height", "original_size/width")
    )
    step = (element.findtext("frame_filter") or "").partition("step=")[2]
    source = element.findtext("source")
    names = [source and Path(source.replace("\\", "/")).stem, element.findtext("name")]
    if size is not None and size < 1:
        raise ValueError(f"a task has {size} frames")
    return Task(
        element.findtext("id"),
        tuple(filter(None, names)),
        size,
        start or 0,
        max(whole(step, "frame_filter") or 1, 1),
        (height, width) if height and width else None,
    )


def whole(text: str | None, what: str) -> int | None:
    """A whole number, None where there is no text."""
    if text is None or not text.strip():
        return None
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{what} is {shown(text)}, not a whole number") from None


def decimal(element: Element, key: str, default: float | None = None) -> float:
    """An attribute that is a number; ValueError naming it."""
    text = element.get(key)
    if text is None and default is not None:
        return default
    try:
        return float(text or "")
    except ValueError:
        raise ValueError(f"{key} is {shown(text)}, not a number") from None
