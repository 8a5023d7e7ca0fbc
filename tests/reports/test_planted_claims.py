"""A page is honest: planted claims, true, reversed, void and faulty, get the words they deserve."""

import numpy as np
import pytest

from experiments.stages.layout import Layout
from reports.build import build
from reports.claims.verdicts import wording
from reports.evidence.load import load
from reports.records.copies import without_copies
from reports.records.run_record import load_records
from tests.helpers.fake_records import record, write_record
from tests.helpers.planted_page import BASE, GAINS, write_page

SEEDS, PAGES = 5, 60
FOUND = "as published"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """One page, as Markdown: its lines by the claim they are about, and its whole text."""
    root = tmp_path_factory.mktemp("page")
    write_page(root, 8, np.random.default_rng(3))
    text = build("mini", root).with_name("report.md").read_text()
    lines = [line for line in text.splitlines() if "(Table 1(a))" in line]
    return {line[2:].split(" (")[0]: line for line in reversed(lines)}, text


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Claims of many pages, {name: result} each."""
    rng, found = np.random.default_rng(1), []
    for number in range(PAGES):
        root = tmp_path_factory.mktemp(f"page{number}")
        write_page(root, SEEDS, rng)
        claims = load(Layout("mini", root)).claims
        found.append({result.claim.name: result for result in claims})
    return found


def word(result):
    return wording("mini", result.verdict)


def rate(pages, name, start):
    return np.mean([word(claims[name]).startswith(start) for claims in pages])


def test_one_page_says_of_each_what_it_is(page):
    rows, _ = page
    assert "| as published (contains the published gain) |" in rows["helps"]
    assert "| opposite |" in rows["harms"]
    for name in ("nothing", "no-op"):
        assert "| none, or below half the published gain |" in rows[name]
    assert "| not resolved |" in rows["wild"]


def test_a_copied_seed_does_not_count_and_is_named(page):
    rows, text = page
    line = "blendmask-r50+leaks seed 0 and blendmask-r50+leaks seed 1 have the same bootstrap draws"
    assert f"**Not used:** {line}" in text
    seeds = rows["leaks"].split("|")[5]
    assert "(seed 2)" in seeds and "(seed 0)" not in seeds and "(seed 1)" not in seeds


def test_a_module_that_changes_nothing_has_no_gain_and_no_doubt(page):
    rows, _ = page
    assert "| +0.00 | +0.00 to +0.00 |" in rows["no-op"]


def test_a_true_gain_is_found_and_a_reversed_one_seen(pages):
    assert rate(pages, "helps", FOUND) >= 0.95
    assert rate(pages, "harms", "opposite") >= 0.95


@pytest.mark.parametrize("name", ["nothing", "wild", "no-op", "harms"])
def test_what_is_not_there_is_rarely_found(pages, name):
    """At most 5 % in the long run; 6 of 60 pages would be rare."""
    assert rate(pages, name, FOUND) <= 0.09


def test_few_pages_find_anything_that_is_not_there(pages):
    void = [name for name, gain in GAINS.items() if gain <= 0]
    wrong = [any(word(claims[name]).startswith(FOUND) for name in void) for claims in pages]
    assert np.mean(wrong) <= 0.09


def test_a_true_gain_is_rarely_denied(pages):
    denied = [claims["helps"].verdict.word == "not reproduced" for claims in pages]
    assert np.mean(denied) <= 0.09


@pytest.mark.parametrize("name", ["helps", "harms", "nothing", "wild"])
def test_intervals_hold_the_truth_nine_times_in_ten(pages, name):
    """Whatever the others' spread: of 60 intervals 48 to 59 hold it, but for a chance in 100."""
    inside = [
        one.estimate.low <= GAINS[name] <= one.estimate.high for one in (c[name] for c in pages)
    ]
    assert 0.80 <= np.mean(inside) < 1


def test_few_videos_may_give_two_seeds_the_same_draws(tmp_path):
    """As on the profile smoke: draws that take few values tell nothing."""
    for seed in (0, 1):
        write_record(tmp_path, record(BASE, seed, 30.0, draws=[20.0, 30.0, 40.0] * 50))
    records, _ = load_records(tmp_path / "results" / "mini" / "records", "mini")
    assert without_copies(records) == (records, [])
