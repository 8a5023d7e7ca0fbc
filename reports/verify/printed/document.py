"""What a finished page shows, whatever its markup: tables and texts, in order, with their place."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Text:
    """A paragraph, heading, list item, caption or description of a picture.

    section: the heading that it stands under (of the second level), "" before the first.
    """

    section: str
    text: str


@dataclass(frozen=True)
class Table:
    """columns: headings, those of several rows joined; rows: text of their cells."""

    section: str
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Embedded:
    """A file within the page. of: alt text of a picture, name of a download, id of a script."""

    section: str
    kind: str  # "picture", "dark picture", "download", "style", "script", "data"
    of: str
    content: bytes


@dataclass(frozen=True)
class Drawing:
    """Inline SVG: elements with their geometry, (tag, class, {attribute: text})."""

    section: str
    label: str
    shapes: list[tuple[str, str, dict[str, str]]]


@dataclass
class Document:
    texts: list[Text] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    embedded: list[Embedded] = field(default_factory=list)
    drawings: list[Drawing] = field(default_factory=list)
    history: list[str] = field(default_factory=list)  # words under the heading HISTORY


HISTORY = "History of this profile"


def merged(columns: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Neighbouring columns under one heading become one: "22.5" and "± 0.4"."""
    keep = [i for i, name in enumerate(columns) if i == 0 or not name or name != columns[i - 1]]
    ends = [*keep[1:], len(columns)]
    joined = [
        [" ".join(dict.fromkeys(filter(None, row[a:b]))) for a, b in zip(keep, ends, strict=True)]
        for row in rows
    ]
    return [columns[i] for i in keep], joined
