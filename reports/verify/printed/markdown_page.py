"""A Markdown report as a Document. Only what our templates write is understood."""

import re
from html import unescape
from html.parser import HTMLParser

from reports.verify.printed.document import HISTORY, Document, Table, Text, merged
from reports.verify.words import plain

RULE = re.compile(r"^\|(\s*:?-+:?\s*\|)+\s*$")


def read_markdown(text: str) -> Document:
    """Paragraphs end at empty lines, headings and tables."""
    page, section = Document(), ""
    paragraph: list[str] = []
    rows: list[list[str]] = []

    def end_paragraph() -> None:
        joined = plain(" ".join(paragraph))
        paragraph.clear()
        if joined:
            page.texts.append(Text(section, joined))
            if section == HISTORY:
                page.history.extend(joined.split())

    def end_table() -> None:
        if rows:
            if section == HISTORY:
                page.history.extend(word for row in rows for cell in row for word in cell.split())
            page.tables.append(Table(section, *merged(rows[0], rows[1:])))
            rows.clear()

    for line in text.splitlines():
        if line.startswith("|"):
            end_paragraph()
            if not RULE.match(line):
                rows.append(cells(line))
            elif len(rows) > 1:  # the last row was the next table's heading
                heading = rows.pop()
                end_table()
                rows.append(heading)
            continue
        if line.strip():
            end_table()
        if line.startswith("#"):
            end_paragraph()
            level, title = len(line) - len(line.lstrip("#")), shown(line.lstrip("# "))
            section = title if level == 2 else section
            page.texts.append(Text(section, title))
            if section == HISTORY and level != 2:
                page.history.extend(title.split())
        elif line.startswith("<"):
            end_paragraph()
            page.texts.extend(Text(section, plain(one)) for one in spoken(line))
        elif not line.strip() or re.match(r"\s*([-*>]|\d+\.)\s", line):
            end_paragraph()
            paragraph.append(shown(re.sub(r"^\s*([-*>]|\d+\.)\s", "", line)))
        else:
            paragraph.append(shown(line))
    end_paragraph()
    end_table()
    return page


def cells(line: str) -> list[str]:
    inside = line.strip().removeprefix("|").removesuffix("|")
    parts = re.split(r"(?<!\\)\|", inside)
    return [plain(shown(part.replace("\\|", "|"))) for part in parts]


def shown(text: str) -> str:
    """Without marks for bold, italics and code, and of links the text."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return unescape(re.sub(r"\*\*|`|(?<!\w)\*|\*(?!\w)|\\(?=[_*])", "", text))


def spoken(line: str) -> list[str]:
    """Alternative texts of pictures."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend(value for name, value in attrs if name == "alt" and value)

    Reader().feed(line)
    return found
