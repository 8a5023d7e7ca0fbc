"""Recomputes every number of the finished pages: `python -m reports.verify --profile mini`.

Reads the page, the Markdown report, the README's measured part, the tables' files and the notes of
figures, and records, matches and manifests. Ends with 1 if a number is not as recomputed or has no
known source.
"""

import argparse
import sys
from pathlib import Path

from reports.verify.facts import load_facts
from reports.verify.pages import check_all, check_readme, wanted_of
from reports.verify.records import lacking

ROOT = Path(__file__).parents[2]
SHOWN = 40  # findings


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./run_all.sh verify", description=__doc__)
    parser.add_argument("--profile", default="mini")
    parser.add_argument("--thorough", action="store_true", help="make every bootstrap draw again")
    options = parser.parse_args(arguments)
    try:
        wanted = wanted_of(load_facts(ROOT, options.profile))
        found = check_all(wanted, thorough=options.thorough)
        if options.profile == "mini":
            found += check_readme(wanted, ROOT / "README.md")
    except (OSError, ValueError, KeyError) as error:
        print(f"reports.verify: {error}", file=sys.stderr)
        return 1
    for line in lacking(wanted.facts):
        print(f"not recomputable: {line}")
    for one in found[:SHOWN]:
        print(one, file=sys.stderr)
    if found:
        print(f"{len(found)} numbers are not as recomputed", file=sys.stderr)
        return 1
    records = len(wanted.facts.shown)
    print(f"every number printed for profile {options.profile} follows from {records} records")
    return 0


if __name__ == "__main__":
    sys.exit(main())
