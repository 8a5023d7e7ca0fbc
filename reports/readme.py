"""The README's measured part, written from records: `python -m reports.readme` (or `--check`).

It stands between two marker lines, so that no number there is typed by hand.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from experiments.stages.layout import ROOT, Layout
from reports.claims.claim_rows import claim_row, strip_reach
from reports.claims.verdicts import MISSING
from reports.evidence.load import Evidence, load
from reports.numbers import duration
from reports.page.headline import outcome
from reports.page.provenance import machines, total_seconds
from reports.page.rendering import cell
from reports.records.run_record import by_run
from tpr.command import command
from tpr.files import read_text, write_atomically

BEGIN = "<!-- measured: begin (python -m reports.readme) -->"
END = "<!-- measured: end -->"
FIRST_STEPS = "results/first-steps.json"  # of benchmarks.first_steps


def measured(profile: str, root: Path = ROOT) -> str:
    """Markdown about the committed records of a profile: time, machine, claims."""
    evidence = load(Layout(profile, root), shipped_only=True)
    if not evidence.records:
        return f"No records of the profile {profile} are committed yet."
    parts = [_times(evidence), _claims(evidence)]
    return "\n\n".join([*parts, *_first_steps(root / FIRST_STEPS)])


def _first_steps(path: Path) -> list[str]:
    """Wall times of a new user's path, where they were measured."""
    if not path.is_file():
        return []
    record = json.loads(path.read_text(encoding="utf-8"))
    rows = [f"| {cell(step)} | {duration(s)} |" for step, s in record["seconds"].items()]
    head = ["| a new user's step | wall time |", "|---|---:|"]
    note = f"`python -m benchmarks.first_steps`, {record['cores']} cores, after the set-up."
    return ["\n".join([*head, *rows]), note]


def _times(evidence: Evidence) -> str:
    records = evidence.records
    each = sorted(total_seconds([record]) or 0.0 for record in records)
    wanted = {run for one in evidence.tables for run in one.table.runs}
    made_on = "; ".join(name for name, _ in machines(records))
    return (
        f"{len(by_run(records))} of {len(wanted)} runs, {len(records)} trainings in all. "
        f"Fine-tuning and evaluating one run at one seed took {duration(each[0])} to "
        f"{duration(each[-1])}, all of them {duration(sum(each))} of process time ({made_on})."
    )


def _claims(evidence: Evidence) -> str:
    """The claims that have run, what came out in all, and how many have not run."""
    results = evidence.claims
    reach = strip_reach(results)
    found = [result for result in results if result.verdict.word != MISSING]
    lines = [
        "| claim | where | paper | measured | 90 % interval | outcome |",
        "|---|---|---:|---:|---|---|",
    ]
    for result in found:
        row = claim_row(evidence.profile, result, reach)
        cells = (row.name, row.where, row.published, row.measured, row.bounds, row.outcome)
        lines.append("| " + " | ".join(map(cell, cells)) + " |")
    left = len(results) - len(found)
    rest = [f"{left} more claims have not run."] if left else []
    table = ["\n".join(lines), outcome(evidence.profile, results)] if found else []
    return "\n\n".join(table + rest)


def renewed(text: str, content: Callable[[], str]) -> str:
    """The README with what `content` gives between its markers; ValueError without them."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"README.md needs one line {BEGIN!r} and one line {END!r}")
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{content()}\n{END}{rest.split(END)[1]}"


@command
def main(arguments: list[str] | None = None, root: Path = ROOT) -> None:
    parser = argparse.ArgumentParser(prog="python -m reports.readme", description=__doc__)
    parser.add_argument("--profile", default="mini")
    parser.add_argument("--check", action="store_true", help="only say whether it is in step")
    options = parser.parse_args(arguments)
    path = root / "README.md"
    text = read_text(path)
    new = renewed(text, lambda: measured(options.profile, root))
    if options.check and new != text:
        raise ValueError("README.md is out of step; run python -m reports.readme")
    if new != text:
        write_atomically(path, new)


if __name__ == "__main__":
    sys.exit(main())
