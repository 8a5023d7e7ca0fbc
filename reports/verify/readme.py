"""The README's measured part: its tables and sentences."""

from pathlib import Path

from reports.verify.expected import Expected, ExpectedTable, column
from reports.verify.facts import Facts, read_json
from reports.verify.words import time_taken

BEGIN, END = "<!-- measured: begin", "<!-- measured: end -->"


def measured_part(path: Path) -> str:
    """Without its marks. ValueError for a README that has none."""
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{path} has no measured part")
    return text.split(BEGIN, 1)[1].split("-->", 1)[1].split(END, 1)[0]


def expect_first_steps(facts: Facts) -> Expected:
    record = read_json(facts.root / "results" / "first-steps.json")
    if not record:
        return Expected()
    steps = record["seconds"]
    columns = [
        column("a new user's step", [*steps]),
        column("wall time", [time_taken(seconds) for seconds in steps.values()]),
    ]
    return Expected(
        [ExpectedTable(("README",), columns)], [("", {"first_steps_cores": str(record["cores"])})]
    )
