"""A plan's looks as JSON: `python -m reports.looks --profile mini`, for `--until-decided`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from experiments.declared.seed_plan import SeedPlan
from experiments.stages.layout import ROOT, Layout
from reports.looks.evidence import load_alone
from reports.looks.judging import ClaimCourse
from reports.looks.stopping import DECIDED
from reports.looks.words import foreseen, look_line, plan_line
from tpr.command import command


@command
def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m reports.looks", description=__doc__)
    parser.add_argument("--profile", default="mini")
    parser.add_argument("--root", type=Path, default=ROOT, help="of the repository")
    options = parser.parse_args(arguments)
    print(json.dumps(courses(Layout(options.profile, options.root))))


def courses(layout: Layout) -> dict[str, Any]:
    """The plan as a sentence, and every claim of the page with the result of each look."""
    found = load_alone(layout)
    if found is None:
        raise ValueError(f"profile {layout.profile} declares no plan")
    claims = [claim(found.plan, one) for one in found.courses]
    return {"plan": plan_line(found.plan), "claims": claims}


def claim(plan: SeedPlan, one: ClaimCourse) -> dict[str, Any]:
    return {
        "table": one.table.id,
        "name": one.claim.name,
        "better": one.claim.better,
        "than": one.claim.than,
        "foreseen": foreseen(plan, one),
        "taken": one.course.looks,
        "stop": one.course.stop,
        "decided": one.course.stop in DECIDED,
        "looks": [look_line(plan, one, look) for look in range(len(plan.looks))],
    }


if __name__ == "__main__":
    sys.exit(main())
