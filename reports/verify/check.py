"""Compares what a page prints with what it should print. Every number must have a source."""

from collections.abc import Iterable
from dataclasses import dataclass

from reports.verify.derived.expected import Column, Expected, ExpectedTable, bare
from reports.verify.printed.document import Document, Table
from reports.verify.prose import Sentence, difference, nearest, uncovered
from reports.verify.words import NUMBER

NO_SOURCE = "a number without a source"


@dataclass(frozen=True)
class Finding:
    """A number that is not as recomputed; place: heading, row and column, or the text."""

    file: str
    place: str
    printed: str
    recomputed: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: printed {self.printed!r}, recomputed {self.recomputed}"


def check_texts(file: str, page: Document, sentences: list[Sentence]) -> Iterable[Finding]:
    for one in page.texts:
        numbers = uncovered(one.section, one.text, sentences)
        if numbers and one.section != HISTORY_SECTION:
            wanted = nearest(one.section, one.text, sentences)
            printed, recomputed = difference(one.text, wanted) if wanted else (one.text, NO_SOURCE)
            place = f"{one.section or 'opening'}, {', '.join(numbers)}"
            yield Finding(file, place, printed[:300], recomputed[:300])


HISTORY_SECTION = "History of this profile"


def check_tables(
    file: str, page: Document, expected: Expected, sentences: list[Sentence]
) -> Iterable[Finding]:
    """Tables of a section in order; one that is expected may be absent, one printed not unknown."""
    left = list(expected.tables)
    for table in page.tables:
        if table.section == HISTORY_SECTION:
            continue
        near = [one for one in left if any(table.section.startswith(s) for s in one.sections)]
        found = max(near, key=lambda one: likeness(table, one), default=None)
        if found is None or likeness(table, found) < 0.5:
            yield from unknown(file, table)
            continue
        left.remove(found)
        yield from check_table(file, table, found, sentences)


def likeness(table: Table, expected: ExpectedTable) -> float:
    """Share of a table's headings that are expected; rows that begin alike count for a little."""
    pairs = paired(table.columns, expected.columns)
    first = [row[0] for row in table.rows if row]
    same = sum(a == b for a, b in zip(first, expected.columns[0].cells, strict=False))
    return sum(one is not None for one in pairs) / len(pairs) + 0.01 * same if pairs else 0.0


def paired(headings: list[str], columns: list[Column]) -> list[Column | None]:
    """The expected column of each heading; columns come in order, some may not be printed."""
    found: list[Column | None] = []
    place = 0
    for heading in map(bare, headings):
        matches = (i for i in range(place, len(columns)) if heading in map(bare, columns[i].names))
        match = next(matches, None)
        found.append(None if match is None else columns[match])
        place = place if match is None else match + 1
    return found


def check_table(
    file: str, table: Table, expected: ExpectedTable, sentences: list[Sentence]
) -> Iterable[Finding]:
    count = len(expected.columns[0].cells)
    if len(table.rows) != count:
        yield Finding(file, f"{table.section}, rows", str(len(table.rows)), str(count))
    pairs = paired(table.columns, expected.columns)
    for heading, column in zip(table.columns, pairs, strict=True):
        if column is None and NUMBER.search(heading):
            yield Finding(file, f"{table.section}, heading", heading, NO_SOURCE)
    for number, row in enumerate(table.rows[:count]):
        for heading, cell, column in zip(table.columns, row, pairs, strict=True):
            place = f"{table.section}, row {row[0]!r}, column {heading!r}"
            if column is None:
                if NUMBER.search(cell):
                    yield Finding(file, place, cell, NO_SOURCE)
            elif column.places:
                yield from check_prose(file, place, cell, column, number, sentences)
            elif not column.allows(number, cell):
                yield Finding(file, place, cell, column.cells[number])


def check_prose(
    file: str, place: str, cell: str, column: Column, row: int, sentences: list[Sentence]
) -> Iterable[Finding]:
    """A cell of sentences, which begins with the column's text."""
    wanted, section = column.cells[row], (column.places or [])[row]
    rest = cell.removeprefix(wanted).strip()
    if not cell.startswith(wanted):
        yield Finding(file, place, cell, wanted)
    elif uncovered(section, rest, sentences):
        best = nearest(section, rest, sentences)
        yield Finding(file, place, *(difference(rest, best) if best else (rest, NO_SOURCE)))


def unknown(file: str, table: Table) -> Iterable[Finding]:
    for row in [table.columns, *table.rows]:
        for heading, cell in zip(table.columns, row, strict=True):
            if NUMBER.search(cell):
                yield Finding(file, f"{table.section}, column {heading!r}", cell, NO_SOURCE)
