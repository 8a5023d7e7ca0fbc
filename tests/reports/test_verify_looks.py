"""Claims under a declared plan: the page takes its looks, and `reports.verify` agrees."""

import re
import shutil
from datetime import date

import numpy as np
import pytest
import yaml

from experiments.stages.layout import ROOT, Layout
from reports.build import build
from reports.evidence.load import load
from reports.verify import pages
from reports.verify.derived.looks import ABSENT, BEYOND_REACH, FOUND, FUTILE, MOST, OPEN, courses
from reports.verify.facts import load_facts
from tests.helpers.planted_page import VIDEOS, write_page

PLAN = {"declared": date(2026, 11, 1), "first_seed": 0, "looks": [3, 5, 8], "videos": VIDEOS}


def write_planned(root, seed, **changes):
    """A planted page, whose records are of 2026-11-22, and the profile mini with another plan. No
    faulty records: verify takes those that the page names and leaves out."""
    write_page(root, 8, np.random.default_rng(seed))
    for path in (root / "results").rglob("*+leaks-*.json"):
        path.unlink()
    shutil.copytree(ROOT / "reports/published", root / "reports/published")
    profile = yaml.safe_load((ROOT / "experiments/manifests/profiles/mini.yaml").read_text())
    profile["plan"] |= PLAN | changes
    profile["notes"] = []
    profile["data"]["videos"]["val"]["videos"] = VIDEOS
    path = root / "experiments/manifests/profiles/mini.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(profile))


def judged_twice(root):
    """By the page and by verify: the course of every claim."""
    evidence = load(Layout("mini", root))
    assert evidence.plan is not None
    page = [one.course for one in evidence.plan.courses]
    return page, courses(load_facts(root, "mini"))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("changes", [{}, {"power": 0.999}, {"looks": [2, 4, 7], "futility": 0.2}])
def test_two_programs_take_the_same_looks(tmp_path, seed, changes):
    write_planned(tmp_path, seed, **changes)
    page, found = judged_twice(tmp_path)
    stops = {"success": FOUND, "absent": ABSENT, "futility": FUTILE}
    stops |= {"out of reach": BEYOND_REACH, "most seeds": MOST, "": OPEN}
    assert [stops[one.stop] for one in page] == [one.stop for one in found]
    assert [one.looks for one in page] == [len(one.p) for one in found]
    for one, other in zip(page, found, strict=True):
        for p, q in zip(one.p, other.p, strict=True):
            assert (p.none, p.half, p.some) == pytest.approx(q, abs=1e-6)


def test_a_page_under_a_plan_has_a_source_for_every_number(tmp_path):
    write_planned(tmp_path, 3)
    text = build("mini", tmp_path).with_name("report.md").read_text()
    assert "interval over the looks" in text and FOUND in text
    wanted = pages.wanted_of(load_facts(tmp_path, "mini"))
    before = {str(one) for one in pages.check_markdown(wanted, text)}
    assert not [one for one in before if "Claims" in one]
    row = next(line for line in text.splitlines() if FOUND in line)
    number = re.search(r"\d+\.\d\d", row)
    changed = text.replace(row, row.replace(number[0], "9.99", 1))
    assert {str(one) for one in pages.check_markdown(wanted, changed)} > before


def test_records_of_before_the_plan_are_judged_as_before(tmp_path):
    write_planned(tmp_path, 3, declared=date(2026, 11, 23))
    page, found = judged_twice(tmp_path)
    assert not any(one.looks for one in page) and not any(one.p for one in found)
