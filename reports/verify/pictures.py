"""Figures: the notes beside them, and the files within the page: those of the repository?"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from reports.verify.check import Finding
from reports.verify.facts import METRICS, Facts, Json, Record, read_json
from reports.verify.printed.document import Document, Embedded, Text

# whose descriptions follow from records: the others show what only the runs' folders had
COMPUTED = (
    "ap-",
    "training-",
    "difficulty",
    "errors",
    "doses",
    "trackers",
    "scale",
    "cost-parts",
    "mechanism",
)
SECTIONS = {
    "difficulty": "Where the gain is",
    "errors": "What kind of error",
    "doses": "Gain against dose",
    "trackers": "Trackers on the same detections",
    "scale": "Gain against scale",
    "ap-cost": "Costs",
    "ap-speed": "Costs",
    "cost-parts": "Costs",
    "mechanism": "The mechanism",
}


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
    """Figures of other records or costs than those that are committed, by digests of content."""
    known = {record.name: _digests(record) for record in facts.shown}
    known["costs"] = {_sum(facts.root / "results" / "full" / "costs.json")}
    known["speed"] = {_sum(facts.root / "results" / "full" / "speed.json")}
    for name, note in notes(facts).items():
        for source, digest in note["sources"].items():
            if source in known and digest not in known[source]:
                wanted = " or ".join(sorted(one[:12] for one in known[source]))
                yield Finding(f"figures/{name}.json", source, digest[:12], wanted)


def _digests(record: Record) -> set[str]:
    """What a figure of a record may be known by: its evaluation, by main metrics or all numbers,
    or its training."""
    evaluate, train = record.raw["evaluate"], record.raw["train"]
    main = {name: record.metrics.get(name) for name in METRICS}
    numbers = {name: value for name, value in record.metrics.items() if not isinstance(value, str)}
    stages = (evaluate, main), (evaluate, numbers), (train, train.get("metrics"))
    return {canonical_digest([s.get("key"), s.get("finished"), values]) for s, values in stages}


def canonical_digest(content: object) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def check_embedded(file: str, facts: Facts, page: Document) -> Iterable[Finding]:
    known = [*notes(facts).values()]
    templates, tables = facts.root / "reports" / "templates", facts.root / "results" / facts.profile
    for one in page.embedded:
        path: Path | None = None
        content = one.content
        if one.kind == "download":
            path = tables / "tables" / one.of
        elif one.kind in ("style", "script"):
            script = "page.js" if one.of == "page" else "viewer.js"
            path = templates / ("style.css" if one.kind == "style" else script)
            content = content.strip()
        elif one.kind == "data":
            path, content = facts.figures / "clips.jsonl", _lines(content)
        else:
            path = _picture(facts, known, one)
        wanted = path.read_bytes() if path and path.is_file() else None
        if wanted is not None and one.kind in ("style", "script"):
            wanted = wanted.strip()
        if content != wanted:
            where = path.relative_to(facts.root) if path else "a file of the repository"
            yield Finding(file, f"{one.section}, {one.kind}", one.of[:80], f"not as {where}")


def _picture(facts: Facts, known: list[Json], one: Embedded) -> Path | None:
    """The file of a picture with this description; of several the one that is in the page."""
    found: list[Path] = []
    for note in known:
        if one.of.endswith(note["alt"]):
            is_dark = one.kind == "dark picture" or one.of != note["alt"]
            if name := note["dark" if is_dark else "name"]:
                found.append(facts.figures / name)
    same = [path for path in found if path.is_file() and path.read_bytes() == one.content]
    return next(iter([*same, *found]), None)


def check_files(facts: Facts) -> Iterable[Finding]:
    """Notes and pictures that are not as they were written and drawn."""
    for name, note in notes(facts).items():
        seal = canonical_digest({key: value for key, value in note.items() if key != "seal"})
        if note.get("seal") != seal:
            yield Finding(f"figures/{name}.json", "seal", str(note.get("seal"))[:12], seal[:12])
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
