"""Figures: the notes beside them, and the files within the page: those of the repository?"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from reports.verify.check import Finding
from reports.verify.facts import Facts, Json, read_json
from reports.verify.printed.document import Document, Text
from reports.verify.words import NUMBER

# whose descriptions follow from records: the others show what only the runs' folders had
COMPUTED = ("ap-", "training-", "difficulty", "cost-parts")
SECTIONS = {"difficulty": "Where the gain is", "ap-cost": "Costs", "cost-parts": "Costs"}


def notes(facts: Facts) -> dict[str, Json]:
    """By name, without the ending; {} for a file that is none."""
    return {path.stem: read_json(path) for path in sorted(facts.figures.glob("*.json"))}


def is_computed(name: str) -> bool:
    return name.startswith(COMPUTED)


def told(note: Json) -> list[str]:
    """The texts that a page has of a figure."""
    drawn = ", ".join(f"{name} ({key[:12]})" for name, key in note["sources"].items())
    title, caption, alt = note["title"], note["caption"], note["alt"]
    return [title, f"{title}. {caption}", caption, alt, f"Drawn from {drawn}."]


def note_texts(facts: Facts) -> Iterable[tuple[str, Text]]:
    """Descriptions that follow from records, with the file that they stand in."""
    papers = {table.id: table.paper for table in facts.tables}
    for name, note in notes(facts).items():
        if is_computed(name):
            section = SECTIONS.get(name) or papers.get(name.split("-", 1)[1], "")
            for text in told(note)[1:4]:
                yield f"figures/{name}.json", Text(section, text)


def check_sources(facts: Facts) -> Iterable[Finding]:
    """Figures of other records than those that are committed."""
    keys = {
        (record.name, part.get("key"))
        for record in facts.shown
        for part in (record.raw["evaluate"], record.raw["train"])
    }
    keys.add(("costs", _sum(facts.root / "results" / "full" / "costs.json")))
    for name, note in notes(facts).items():
        for source, key in note["sources"].items():
            if (source, key) not in keys:
                yield Finding(f"figures/{name}.json", source, key, "no such record is committed")


def check_embedded(file: str, facts: Facts, page: Document) -> Iterable[Finding]:
    known = {note["alt"]: note for note in notes(facts).values()}
    templates, tables = facts.root / "reports" / "templates", facts.root / "results" / facts.profile
    for one in page.embedded:
        path: Path | None = None
        content = one.content
        if one.kind == "download":
            path = tables / "tables" / one.of
        elif one.kind in ("style", "script"):
            path = templates / ("style.css" if one.kind == "style" else "viewer.js")
            content = content.strip()
        elif one.kind == "data":
            path, content = facts.figures / "clips.jsonl", _lines(content)
        else:
            note = next((note for alt, note in known.items() if one.of.endswith(alt)), None)
            which = (
                "dark" if one.kind == "dark picture" or (note and one.of != note["alt"]) else "name"
            )
            path = facts.figures / note[which] if note and note[which] else None
        wanted = path.read_bytes() if path and path.is_file() else None
        if wanted is not None and one.kind in ("style", "script"):
            wanted = wanted.strip()
        if content != wanted:
            where = path.relative_to(facts.root) if path else "a file of the repository"
            yield Finding(file, f"{one.section}, {one.kind}", one.of[:80], f"not as {where}")


def check_files(facts: Facts) -> Iterable[Finding]:
    """Pictures that are not as they were drawn, where their notes hold checksums."""
    for name, note in notes(facts).items():
        for file, wanted in note.get("files", {}).items():
            path = facts.figures / file
            if not path.is_file() or _sum(path) != wanted:
                yield Finding(f"figures/{file}", f"drawn as {name}", "other bytes", wanted[:12])


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _lines(content: bytes) -> bytes:
    """A list of JSON as the lines of its file."""
    try:
        clips = json.loads(content)
    except ValueError:
        return content
    return "".join(json.dumps(c, separators=(",", ":")) + "\n" for c in clips).encode()


def has_numbers(note: Json) -> bool:
    return any(NUMBER.search(text) for text in told(note)[1:4])
