"""The finished files of a profile, each against what records and manifests say."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from reports.verify.check import Finding, check_tables, check_texts
from reports.verify.claim_strips import check_strips
from reports.verify.clips import check_clips
from reports.verify.derived.claim_plot import expect_claim_plot
from reports.verify.derived.claim_tables import expect_claims
from reports.verify.derived.costing.sentences import cost_contexts
from reports.verify.derived.costing.tables import SECTION as COSTS
from reports.verify.derived.costing.tables import expect_costs
from reports.verify.derived.difficulty_tables import expect_difficulty
from reports.verify.derived.doses import expect_doses
from reports.verify.derived.error_changes import expect_error_changes
from reports.verify.derived.error_kinds import expect_errors
from reports.verify.derived.expected import Expected
from reports.verify.derived.findings import expect_findings
from reports.verify.derived.first_steps import expect_first_steps
from reports.verify.derived.footage_table import expect_footage
from reports.verify.derived.kinds import expect_kinds
from reports.verify.derived.levels import expect_levels
from reports.verify.derived.mechanism import expect_mechanism
from reports.verify.derived.plan import expect_plan
from reports.verify.derived.provenance import expect_provenance
from reports.verify.derived.result_tables import expect_results
from reports.verify.derived.scale import check_prediction, expect_scale
from reports.verify.derived.trackers import expect_trackers
from reports.verify.facts import Facts
from reports.verify.pictures import (
    check_embedded,
    check_files,
    check_sources,
    is_computed,
    note_texts,
    notes,
    told,
)
from reports.verify.printed.document import HISTORY, Document
from reports.verify.printed.html_page import read_html
from reports.verify.printed.markdown_page import read_markdown
from reports.verify.prose import Sentence, difference, filled
from reports.verify.records import check_records, check_speed, own_records
from reports.verify.table_files import check_table_files

OWN = "Your records"  # heading of those made here beside the ones that ship
BEGIN, END = "<!-- measured: begin", "<!-- measured: end -->"  # of the README's measured part
EXPECT: tuple[Callable[[Facts], Expected], ...] = (
    expect_provenance,
    expect_claim_plot,
    expect_claims,
    expect_plan,
    expect_findings,
    expect_results,
    expect_levels,
    expect_kinds,
    expect_mechanism,
    expect_errors,
    expect_error_changes,
    expect_doses,
    expect_scale,
    expect_trackers,
    expect_difficulty,
    expect_footage,
    expect_costs,
    expect_first_steps,
)


@dataclass(frozen=True)
class Wanted:
    """All that a profile's files may print."""

    facts: Facts
    expected: Expected
    sentences: list[Sentence]


def wanted_of(facts: Facts) -> Wanted:
    found = [expect(facts) for expect in EXPECT]
    contexts = [context for one in found for context in one.contexts]
    contexts += [(COSTS[0], context) for context in cost_contexts(facts)]
    expected = Expected([table for one in found for table in one.tables], contexts)
    return Wanted(facts, expected, [*_kept(facts), *filled(contexts)])


def _kept(facts: Facts) -> list[Sentence]:
    """Descriptions of pictures of what only the runs' folders had, as the notes beside them say."""
    texts: list[str] = []
    for name, note in notes(facts).items():
        if not is_computed(name):
            texts += [*told(note), f"{note['title']} ({name})"]
    return [Sentence("", text, False) for text in sorted(texts, key=len, reverse=True)]


def check_all(wanted: Wanted, *, thorough: bool = False) -> list[Finding]:
    """Of every file, what is not as recomputed."""
    return [*check_records(wanted.facts, thorough=thorough), *check_printed(wanted)]


def check_printed(wanted: Wanted) -> list[Finding]:
    """`check_all` of everything but the records."""
    facts = wanted.facts
    report = facts.root / "reports" / facts.profile
    texts = {name: _text(report / name) for name in ("index.html", "report.md")}
    return [
        *check_prediction(facts),
        *check_html(wanted, texts["index.html"]),
        *check_markdown(wanted, texts["report.md"]),
        *check_table_files(facts, wanted.expected, wanted.sentences),
        *check_notes(wanted),
        *check_sources(facts),
        *check_files(facts),
        *check_clips(facts),
        *check_speed(facts),
    ]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def check_html(wanted: Wanted, text: str) -> Iterable[Finding]:
    page = read_html(text)
    yield from _check_page("index.html", wanted, page)
    yield from check_strips("index.html", wanted.facts, page)
    yield from check_embedded("index.html", wanted.facts, page)


def check_markdown(wanted: Wanted, text: str) -> Iterable[Finding]:
    yield from _check_page("report.md", wanted, read_markdown(text))


def check_readme(wanted: Wanted, path: Path) -> Iterable[Finding]:
    page = read_markdown(f"## README\n\n{measured_part(path)}")
    yield from check_tables("README.md", page, wanted.expected, wanted.sentences)
    yield from check_texts("README.md", page, wanted.sentences)


def measured_part(path: Path) -> str:
    """Without its marks. ValueError for a README that has none."""
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{path} has no measured part")
    return text.split(BEGIN, 1)[1].split("-->", 1)[1].split(END, 1)[0]


def check_notes(wanted: Wanted) -> Iterable[Finding]:
    for file, text in note_texts(wanted.facts):
        yield from check_texts(file, Document(texts=[text]), wanted.sentences)


def _check_page(file: str, wanted: Wanted, page: Document) -> Iterable[Finding]:
    if own_records(wanted.facts):
        page.texts = [one for one in page.texts if not one.section.startswith(OWN)]
        page.tables = [one for one in page.tables if not one.section.startswith(OWN)]
    yield from check_tables(file, page, wanted.expected, wanted.sentences)
    yield from check_texts(file, page, wanted.sentences)
    history = wanted.facts.root / "reports" / "history" / f"{wanted.facts.profile}.md"
    source = history.read_text(encoding="utf-8") if history.is_file() else ""
    source = re.sub(r"^#{1,6} ", "### ", source, flags=re.MULTILINE)
    words = read_markdown(f"## {HISTORY}\n\n{source}").history
    if page.history != words:
        printed, meant = difference(" ".join(page.history), " ".join(words))
        yield Finding(file, HISTORY, printed, f"{meant}, by {history.name}")
