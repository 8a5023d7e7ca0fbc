"""The wall times of a new user's path, of which the README has a table."""

from reports.verify.derived.expected import Expected, ExpectedTable, column
from reports.verify.facts import Facts, read_json
from reports.verify.words import time_taken


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
