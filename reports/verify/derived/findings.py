"""The page's first lines: what held, what did not, what is open, what carries the gain."""

from reports.verify.derived.claims import (
    DENIED,
    FOUND,
    NOT_RUN,
    OPEN,
    Judged,
    is_meaningless,
)
from reports.verify.derived.expected import Context, Expected
from reports.verify.derived.outcomes import judged
from reports.verify.facts import Facts

LABELS = {
    FOUND: ("Held at this scale", "Reproduced"),
    DENIED: ("Did not hold, or came out below half", "Not reproduced"),
    OPEN: ("Cannot be told with these seeds and videos", "Inconclusive"),
    NOT_RUN: ("Not run", "Not run"),
}
CARRIES = {FOUND: "shown", DENIED: "denied", OPEN: "not resolved", NOT_RUN: "not run"}


def expect_findings(facts: Facts) -> Expected:
    """Sentences, and the entries of the contents."""
    lines: list[str] = []
    rows = [one for one in judged(facts) if not one.first]
    if not is_meaningless(facts.profile) and any(one.gain for one in rows):
        for word, labels in LABELS.items():
            papers = [one for one in rows if not _is_ours(one)]
            lines += _line(labels[facts.profile == "full"], papers, word)
        for word, said in CARRIES.items():
            controls = [one for one in rows if _is_ours(one)]
            most = 3 if word == NOT_RUN else len(controls)
            lines += _line(f"What carries the gain: {said}", controls, word, most)
    found: list[tuple[str, Context]] = [("", {"finding": line}) for line in lines]
    return Expected([], found + [("", {"contents_entry": one.paper}) for one in facts.tables])


def _is_ours(one: Judged) -> bool:
    """Of a table on the mechanism whose rows are not the paper's; other data have their own."""
    asks = one.table.mechanism and not one.table.by_name_only
    return asks and not any(row.published for row in one.table.rows)


def _line(label: str, rows: list[Judged], word: str, most: int = 999) -> list[str]:
    names = [one.claim["name"] for one in rows if one.verdict[0] == word]
    more = f"; and {len(names) - most} more" if len(names) > most else ""
    return (
        [f"{label} ({len(names)} of {len(rows)}): {'; '.join(names[:most])}{more}."]
        if names
        else []
    )
