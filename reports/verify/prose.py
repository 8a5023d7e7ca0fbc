"""The known sentences of prose.txt, filled in for a page, and what of a text they do not cover."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from string import Formatter

from reports.verify.derived.expected import Context
from reports.verify.words import NUMBER, plain

PROSE = Path(__file__).with_name("prose.txt")


@dataclass(frozen=True)
class Sentence:
    """section: the beginning of the headings that it may stand under, "" for all; is_whole: a text
    that says nothing else."""

    section: str
    text: str
    is_whole: bool


def filled(contexts: Iterable[tuple[str, Context]], prose: str | None = None) -> list[Sentence]:
    """Every known sentence with every context that has all its values, the longest first."""
    known = list(contexts)
    everywhere = [pair for section, context in known if not section for pair in context.items()]
    times = Counter(name for name, _ in everywhere)  # several values, a sentence for each
    shared = {name: value for name, value in everywhere if times[name] == 1}
    found: dict[Sentence, None] = {}
    for line in (prose if prose is not None else PROSE.read_text(encoding="utf-8")).splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        text = line.removeprefix("= ")
        names = {name for _, name, _, _ in Formatter().parse(text) if name}
        for section, context in known if names - shared.keys() else [("", shared)]:
            values = shared | dict(context)
            if names <= values.keys():
                whole = plain(text.format(**values))
                found[Sentence(section, whole, line.startswith("= "))] = None
    return sorted(found, key=lambda one: -len(one.text))


def uncovered(section: str, text: str, sentences: list[Sentence]) -> list[str]:
    """Numbers of a text that stand in no known sentence of its section."""
    if not NUMBER.search(text):
        return []
    left = text
    for one in sentences:
        if not section.startswith(one.section):
            continue
        if one.is_whole:
            left = "" if left == one.text else left
        elif one.text in left:
            left = re.sub(rf"(?<![\w.+−-]){re.escape(one.text)}(?![\w%])", " ", left)
    return NUMBER.findall(left)


def nearest(section: str, text: str, sentences: list[Sentence]) -> str:
    """The known sentence that a text is most like, as it should read; "" if like none."""
    best, likeness = "", 0.6
    for one in sentences:
        if section.startswith(one.section) and abs(len(one.text) - len(text)) < len(one.text):
            match = SequenceMatcher(None, text, one.text, autojunk=False)
            if match.quick_ratio() > likeness and (found := match.ratio()) > likeness:
                best, likeness = one.text, found
    return best


def difference(printed: str, wanted: str) -> tuple[str, str]:
    """The words in which two texts differ, with one before and after."""
    one, other = printed.split(), wanted.split()
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    changes = [block for block in blocks if block[0] != "equal"]
    if not changes:
        return printed, wanted
    _, a, b, c, d = changes[0]
    return " ".join(one[max(a - 1, 0) : b + 1]), " ".join(other[max(c - 1, 0) : d + 1])
