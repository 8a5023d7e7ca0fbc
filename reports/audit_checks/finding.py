"""What a check of the published numbers comes to."""

from dataclasses import dataclass

IN_ORDER, STANDS_OUT, MISSING = "in order", "stands out", "not run"


@dataclass(frozen=True)
class Finding:
    """title: what was checked; where: tables and sections; steps: the computation, a line each;
    says: what follows; outcome: one of the words above."""

    title: str
    where: str
    steps: tuple[str, ...]
    says: str
    outcome: str


def outcome(good: bool) -> str:
    return IN_ORDER if good else STANDS_OUT
