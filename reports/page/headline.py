"""The page's opening: what the profile is, how much of it has run, what came out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from reports.claims.judging import ClaimResult
from reports.claims.verdicts import FULL, MISSING, is_meaningless, wording
from reports.evidence.load import Evidence
from reports.numbers import NOTHING, day, duration, short
from reports.page.provenance import total_seconds
from reports.records.run_record import Record

WARNING = "The numbers on this page are meaningless."


@dataclass(frozen=True)
class Headline:
    """facts: names with their values; sentence: how many claims came out how."""

    title: str
    about: str
    warning: str
    facts: list[tuple[str, str]]
    sentence: str


def headline(evidence: Evidence) -> Headline:
    profile, records = evidence.profile, evidence.records
    runs = {run for one in evidence.tables for run in one.table.runs}
    done = runs & {record.run for record in records}
    return Headline(
        title=f"TPR reproduction: profile {profile}",
        about=evidence.about,
        warning=WARNING if is_meaningless(profile) else "",
        facts=[
            ("runs with results", f"{len(done)} of {len(runs)}"),
            ("seeds", _seeds(records)),
            ("validation videos", _unique(record.metrics.get("videos") for record in records)),
            ("training and evaluation", duration(total_seconds(records))),
            ("records made", _days(records)),
            ("last at commit", _last_commit(records)),
        ],
        sentence=outcome(profile, evidence.claims),
    )


def _seeds(records: Sequence[Record]) -> str:
    counts = Counter(Counter(record.run for record in records).values())
    if not counts:
        return NOTHING
    low, high = min(counts), max(counts)
    return f"{low} a run" if low == high else f"{low} to {high} a run"


def _days(records: Sequence[Record]) -> str:
    """The days of the first and the last evaluation."""
    days = sorted(day(one.evaluate.get("finished"))[:10] for one in records)
    return NOTHING if not days else " to ".join(dict.fromkeys((days[0], days[-1])))


def _last_commit(records: Sequence[Record]) -> str:
    """The commit of the record that was finished last."""
    if not records:
        return NOTHING
    last = max(records, key=lambda one: str(one.evaluate.get("finished")))
    git: dict[str, Any] = last.evaluate.get("git") or {}
    return short(git.get("commit"))[:9]


def _unique(values: Iterable[Any]) -> str:
    found = sorted({str(value) for value in values if value is not None})
    return ", ".join(found) or NOTHING


def outcome(profile: str, claims: Sequence[ClaimResult]) -> str:
    """How many claims came out how, in one sentence."""
    if is_meaningless(profile):
        return ""
    if all(result.verdict.word == MISSING for result in claims):
        return "No claim can be read yet: no pair of runs with a common seed has finished."
    distinct = [result for result in claims if result.first is None]
    counts = Counter(wording(profile, result.verdict) for result in distinct)
    parts = "; ".join(f"{count} {text}" for text, count in counts.most_common())
    line = f"{len(claims)} claims, {len(distinct)} comparisons: {parts}."
    if profile == FULL:
        return line
    return f"{line} These are directions at {profile} scale, no verdicts on the paper."
