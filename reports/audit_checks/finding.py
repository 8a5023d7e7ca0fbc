"""The result of a check of the published numbers."""

from dataclasses import dataclass

IN_ORDER, STANDS_OUT, MISSING = "in order", "stands out", "not run"


@dataclass(frozen=True)
class Finding:
    """One check's result.

    title: what was checked; where: tables and sections; steps: the computation, a line each; says:
    the conclusion; outcome: one of the words above.
    """

    title: str
    where: str
    steps: tuple[str, ...]
    says: str
    outcome: str


def outcome(good: bool) -> str:
    return IN_ORDER if good else STANDS_OUT
