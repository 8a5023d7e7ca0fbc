"""What a page should print, whatever its markup: tables by column, sentences by section."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Context = Mapping[str, str]  # values by the names that prose.txt has for them


@dataclass(frozen=True)
class Column:
    """names: headings that it may have; cells: its text in every row; also: other forms of it.

    places: for a column of prose, which begins with `cells`, the sections whose sentences its rows
    may hold.
    """

    names: tuple[str, ...]
    cells: list[str]
    also: list[list[str]] = field(default_factory=list[list[str]])
    places: list[str] | None = None

    def allows(self, row: int, cell: str) -> bool:
        return any(bare(cell) == bare(form[row]) for form in [self.cells, *self.also])


def bare(text: str) -> str:
    """Without the punctuation in which HTML and Markdown differ."""
    return " ".join(text.translate(_BARE).split())


_BARE = str.maketrans(dict.fromkeys('(),:;"“”', " "))


@dataclass(frozen=True)
class ExpectedTable:
    """sections: beginnings of the headings it may stand under."""

    sections: tuple[str, ...]
    columns: list[Column]


@dataclass
class Expected:
    """contexts: values that sentences of a section may hold, with the beginning of its heading
    ("" for all sections)."""

    tables: list[ExpectedTable] = field(default_factory=list[ExpectedTable])
    contexts: list[tuple[str, Context]] = field(default_factory=list[tuple[str, Context]])


def column(names: str | tuple[str, ...], cells: list[str]) -> Column:
    return Column((names,) if isinstance(names, str) else names, cells)
