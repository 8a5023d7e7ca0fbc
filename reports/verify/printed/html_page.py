"""An HTML page as a Document: all that a reader sees or hears, and all files within it."""

import base64
import re
from html.parser import HTMLParser

from reports.verify.printed.document import (
    HISTORY,
    Document,
    Drawing,
    Embedded,
    Table,
    Text,
    merged,
)
from reports.verify.words import plain

INLINE = {"a", "b", "br", "code", "em", "i", "q", "span", "strong", "sub", "sup", "small", "wbr"}
SPOKEN = ("alt", "aria-label", "title", "data-label", "placeholder", "content")
DATA = re.compile(r"data:[\w/+.;=-]*,")
DRAWN = {"line", "circle", "path", "rect", "text", "polygon", "polyline", "ellipse", "use"}
VOID = {"br", "img", "meta", "link", "input", "source", "wbr", "hr"}


def read_html(text: str) -> Document:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Document()
        self.section = ""
        self.buffer: list[str] = []
        self.table: _Grid | None = None
        self.raw = ""  # style or script that is read now
        self.raw_of = ""
        self.heading = ""
        self.svg: Drawing | None = None
        self.dark = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag not in INLINE:
            self.flush()
        if tag in ("br", "span"):
            self.buffer.append(" ")
        self.speak(tag, found)
        self.embed(tag, found)
        self.draw(tag, found)
        if tag == "table":
            self.table = _Grid(self.section)
        elif self.table and tag in ("tr", "td", "th", "thead", "tbody"):
            self.table.start(tag, found)
        elif tag == "h2":
            self.heading = tag
        elif tag in ("style", "script"):
            self.raw, self.raw_of = tag, found.get("id", "")
            self.raw = "data" if found.get("type") == "application/json" else tag

    def speak(self, tag: str, found: dict[str, str]) -> None:
        for name in SPOKEN if tag != "svg" else ():  # a Drawing has its label
            if found.get(name) and not (tag == "meta" and found.get("name") == "viewport"):
                self.page.texts.append(Text(self.section, plain(found[name])))

    def embed(self, tag: str, found: dict[str, str]) -> None:
        if tag == "source":
            self.dark = found.get("srcset", "")
        if tag == "img":
            for kind, uri in (("picture", found.get("src", "")), ("dark picture", self.dark)):
                if DATA.match(uri):
                    self.add(kind, found.get("alt", ""), _decoded(uri))
            self.dark = ""
        if tag == "a" and DATA.match(found.get("href", "")):
            self.add("download", found.get("download", ""), _decoded(found["href"]))

    def add(self, kind: str, of: str, content: bytes) -> None:
        self.page.embedded.append(Embedded(self.section, kind, plain(of), content))

    def draw(self, tag: str, found: dict[str, str]) -> None:
        if tag == "svg":
            self.svg = Drawing(self.section, plain(found.get("aria-label", "")), [])
            self.page.drawings.append(self.svg)
        elif self.svg and tag in DRAWN:
            rest = {k: v for k, v in found.items() if k != "class"}
            self.svg.shapes.append((tag, found.get("class", ""), rest))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script"):
            content = "".join(self.buffer)
            self.buffer = []
            self.add(self.raw, self.raw_of, content.encode())
            self.raw = ""
            return
        if tag == "svg":
            self.svg = None
        if tag not in INLINE:
            self.flush(tag)
        if tag == "table" and self.table:
            self.page.tables.append(self.table.finished())
            self.page.texts += [Text(self.section, text) for text in self.table.spanning()]
            if self.section == HISTORY:
                self.page.history += self.table.words()
            self.table = None

    def handle_data(self, data: str) -> None:
        self.buffer.append(data)

    def flush(self, tag: str = "") -> None:
        """A block has ended, or another begins within it."""
        if self.raw:
            return
        text, self.buffer = plain("".join(self.buffer)), []
        if self.heading and tag == "h2":
            self.section, self.heading = text, ""
        if not text:
            return
        if self.table:
            self.table.say(text)
        else:
            self.page.texts.append(Text(self.section, text))
            if self.section == HISTORY and tag != "h2":
                self.page.history += text.split()


def _decoded(uri: str) -> bytes:
    head, _, content = uri.partition(",")
    return base64.b64decode(content) if head.endswith(";base64") else content.encode()


class _Grid:
    """A table that is being read: cells by row and column, whatever they span."""

    def __init__(self, section: str) -> None:
        self.section = section
        self.cells: dict[tuple[int, int], list[str]] = {}
        self.heads: set[int] = set()
        self.row, self.here, self.width = -1, (0, 0), 0
        self.in_head = False

    def start(self, tag: str, found: dict[str, str]) -> None:
        if tag in ("thead", "tbody"):
            self.in_head = tag == "thead"
        elif tag == "tr":
            self.row += 1
            if self.in_head:
                self.heads.add(self.row)
        else:
            column = 0
            while (self.row, column) in self.cells:
                column += 1
            cell: list[str] = []
            for down in range(int(found.get("rowspan", 1))):
                for right in range(int(found.get("colspan", 1))):
                    self.cells[self.row + down, column + right] = cell
                    self.width = max(self.width, column + right + 1)
            self.here = self.row, column

    def say(self, text: str) -> None:
        self.cells.setdefault(self.here, []).append(text)

    def line(self, row: int) -> list[str]:
        return [" ".join(self.cells.get((row, column), [])) for column in range(self.width)]

    def finished(self) -> Table:
        heads = [self.line(row) for row in sorted(self.heads)]
        columns = zip(*heads, strict=True)
        names = [" ".join(dict.fromkeys(one for one in parts if one)) for parts in columns]
        rows = [
            self.line(row)
            for row in range(self.row + 1)
            if row not in self.heads and not self.is_spanned(row)
        ]
        return Table(self.section, *merged(names, rows))

    def is_spanned(self, row: int) -> bool:
        """One cell over the whole width: a heading within the table."""
        first = self.cells.get((row, 0))
        return self.width > 1 and all(self.cells.get((row, k)) is first for k in range(self.width))

    def spanning(self) -> list[str]:
        rows = [row for row in range(self.row + 1) if self.is_spanned(row)]
        return [self.line(row)[0] for row in rows]

    def words(self) -> list[str]:
        return [
            word for row in range(self.row + 1) for cell in self.line(row) for word in cell.split()
        ]
