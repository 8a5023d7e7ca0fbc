"""Claims: paired differences, what intervals rest on, verdicts in order, and careful words."""

import pytest
from scipy import stats

from experiments.declared.tables import load_table
from reports.claims.claim_rows import KINDS, claim_row
from reports.claims.deciding import COLUMNS, deciding_rows
from reports.claims.judging import judge_all
from reports.claims.readings import reading
from reports.claims.verdicts import (
    CONTAINS,
    DIRECTIONS,
    INCONCLUSIVE,
    LARGER,
    MISSING,
    NOT_REPRODUCED,
    OPPOSITE,
    PRESENT,
    REPRODUCED,
    SMALLER,
    PValues,
    Verdict,
    corrected,
    p_values,
    verdict,
    wording,
)
from reports.evidence.table_frames import table_frame
from reports.page.claim_notes import unlike_pairs
from reports.page.table_cells import order
from reports.records.run_record import load_records
from reports.statistics.gain import estimate
from tests.helpers.fake_records import record, write_manifest, write_record

BASE, TPR, CPR = "blendmask-r50", "blendmask-r50+tpr", "blendmask-r50+cpr"


def load(root, *records):
    """The manifest's table and the records as loaded."""
    for raw in records:
        write_record(root, raw)
    loaded, _ = load_records(root / "results" / "mini" / "records", "mini")
    return load_table(write_manifest(root)), loaded


def claims(root, *records):
    """Results of the manifest's claims by name."""
    return {result.claim.name: result for result in judge_all([load(root, *records)])}


def pairs(gaps, better=TPR, than=BASE, draws=None):
    """Records of two runs whose AP differs by `gaps`, one a seed; `draws` are those of the gap."""
    records = []
    for seed, gap in enumerate(gaps):
        level = 30.0 + 0.5 * seed
        flat = None if draws is None else [level] * len(draws)
        moved = None if draws is None else [level + one for one in draws]
        records.append(record(than, seed, level, draws=flat))
        records.append(record(better, seed, level + gap, draws=moved))
    return records


def alone(published, gains):
    """The verdict on gains by seed, by themselves."""
    found = estimate(gains, None, 0)
    return verdict(published, found, p_values(published, found))


def test_differences_are_taken_seed_by_seed(tmp_path):
    extra = record(TPR, 9, 80.0)
    result = claims(tmp_path, *pairs([1.0, 1.25, 1.5]), extra)["TPR helps"]
    assert result.differences == {0: 1.0, 1: 1.25, 2: 1.5}
    assert result.estimate.mean == 1.25


def test_the_interval_is_of_the_pair_alone(tmp_path):
    """Another run that varies a hundred times as much moves nothing."""
    wild = [record("blendmask-r101", seed, 10.0 + 30 * seed) for seed in range(3)]
    by_itself = claims(tmp_path / "a", *pairs([1.0, 1.25, 1.5]))["TPR helps"]
    beside = claims(tmp_path / "b", *pairs([1.0, 1.25, 1.5]), *wild)["TPR helps"]
    assert by_itself.estimate == beside.estimate
    assert by_itself.estimate.seed_variance == pytest.approx(0.0625 / 3)


def test_one_seed_is_not_judged(tmp_path):
    result = claims(tmp_path, *pairs([5.0]))["TPR helps"]
    assert (result.verdict.word, result.p) == (INCONCLUSIVE, None)
    assert reading(result) == "One seed, and nothing to tell luck by: not judged."


def test_one_seed_with_draws_has_an_interval_over_videos_and_no_verdict(tmp_path):
    result = claims(tmp_path, *pairs([5.0], draws=[4.0, 6.0] * 50))["TPR helps"]
    assert result.verdict == Verdict(INCONCLUSIVE)
    assert 3 < result.estimate.low < 5 < result.estimate.high
    assert reading(result).startswith("One seed: the interval is one over videos")


def test_draws_widen_the_interval_and_are_paired(tmp_path):
    """The draws of both runs differ by 0 or 2, so by a variance of 100 / 99 over 100 draws."""
    seeds = claims(tmp_path / "a", *pairs([1.0, 1.1]))["TPR helps"].estimate
    both = claims(tmp_path / "b", *pairs([1.0, 1.1], draws=[0.0, 2.0] * 50))["TPR helps"].estimate
    assert seeds.video_variance is None
    assert both.video_variance == pytest.approx(100 / 99 * 200 / 199)
    assert both.error**2 == pytest.approx(seeds.seed_variance + both.video_variance)
    assert both.high > seeds.high


def test_draws_of_one_side_only_are_not_used_and_that_is_said(tmp_path):
    records = pairs([3.0, 3.1], draws=[0.0, 2.0] * 50)
    del records[0]["evaluate"]["metrics"]["AP_draws"]
    result = claims(tmp_path, *records)["TPR helps"]
    assert result.estimate.video_variance is None
    assert "hold no draws" in reading(result)


def test_unreadable_draws_make_a_record_unusable(tmp_path):
    raw = record(BASE, 0, 30.0)
    raw["evaluate"]["metrics"]["AP_draws"] = "?"
    write_record(tmp_path, raw)
    records, problems = load_records(tmp_path / "results" / "mini" / "records", "mini")
    assert records == [] and "bootstrap draws are not" in problems[0]


def test_runs_without_a_common_seed_are_not_run(tmp_path):
    result = claims(tmp_path, record(BASE, 0, 30.0), record(TPR, 1, 33.0))["TPR helps"]
    assert result.verdict == Verdict(MISSING) and result.estimate is None


def spread(low, high):
    """Three gains whose 90 % interval is (low, high), and whose p at a bound is thus 5 %."""
    reach = (high - low) / 2
    step = reach / stats.t.isf(0.05, 2) * 3**0.5
    return [(low + high) / 2 + step * one for one in (-1, 0, 1)]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1, 3.0, Verdict(REPRODUCED, CONTAINS)),
        (2.1, 3.0, Verdict(REPRODUCED, LARGER)),
        (0.1, 1.9, Verdict(REPRODUCED, SMALLER)),
        (0.1, 1.01, Verdict(REPRODUCED, SMALLER)),  # reaches half of the published gain
        (0.1, 0.99, Verdict(NOT_REPRODUCED, PRESENT)),
        (-0.1, 0.99, Verdict(NOT_REPRODUCED)),
        (-2.0, -0.1, Verdict(NOT_REPRODUCED, OPPOSITE)),
        (-0.01, 2.0, Verdict(INCONCLUSIVE)),
        (-1.0, 3.0, Verdict(INCONCLUSIVE)),
    ],
)
def test_verdicts_are_exclusive_and_follow_the_interval(low, high, expected):
    assert alone(2.0, spread(low, high)) == expected
    assert alone(-2.0, spread(-high, -low)) == expected


def test_without_tests_nothing_is_judged():
    assert verdict(2.0, estimate([1.0], None, 0), None) == Verdict(INCONCLUSIVE)


def test_each_hypothesis_is_corrected_over_all_comparisons():
    both = corrected([PValues(0.01, 0.9, 0.99), PValues(0.04, 0.02, 0.96)])
    assert both == [PValues(0.02, 0.9, 1.0), PValues(0.04, 0.04, 1.0)]


def test_only_the_full_profile_gives_verdicts():
    found = Verdict(NOT_REPRODUCED, PRESENT)
    assert wording("full", found) == "not reproduced (smaller but present)"
    assert wording("mini", found) == "below half the published gain, but present"
    assert wording("mini", Verdict(REPRODUCED, CONTAINS)) == (
        "as published (contains the published gain)"
    )
    assert wording("smoke", found) == "meaningless (smoke)"
    assert not any("reproduced" in line for line in DIRECTIONS.values())
    assert wording("mini", Verdict(MISSING)) == wording("full", Verdict(MISSING)) == "not run"


def test_every_finding_has_a_word_and_a_colour():
    assert set(KINDS) == {*DIRECTIONS, Verdict(MISSING)}


# --- many claims


def test_the_comparisons_of_a_page_are_tested_together(tmp_path):
    """Two comparisons have run, so the smaller p counts twice and the larger at least as much."""
    records = pairs([3.0, 3.2, 2.8]) + pairs([0.2, 0.4, 0.1], better=CPR)[1::2]
    found = claims(tmp_path, *records)
    first, second = found["TPR helps"], found["CPR helps"]
    assert first.corrected.none == pytest.approx(2 * first.p.none)
    assert second.corrected.none == pytest.approx(max(second.p.none, first.corrected.none))
    assert first.tested == 2 and found["DACR helps"].corrected is None
    assert reading(first).startswith("Above zero, with all 2 comparisons tested at once.")


def test_the_correction_decides_the_word(tmp_path):
    """p is 0.03: below 0.05 alone, and above it among two comparisons."""
    records = pairs([0.9, 1.6, 2.3]) + pairs([0.0, 0.7, -0.7], better=CPR)[1::2]
    result = claims(tmp_path, *records)["TPR helps"]
    assert result.p.none < 0.05 < result.corrected.none
    assert (result.alone.word, result.verdict.word) == (REPRODUCED, INCONCLUSIVE)
    assert reading(result).startswith("Alone: above zero. Not with all 2 comparisons")


def test_a_denial_is_corrected_too(tmp_path):
    records = pairs([0.4, -0.5, 0.4]) + pairs([0.3, 0.0, 1.3], better=CPR)[1::2]
    result = claims(tmp_path, *records)["TPR helps"]
    assert result.p.half < 0.05 < result.corrected.half
    assert (result.alone.word, result.verdict.word) == (NOT_REPRODUCED, INCONCLUSIVE)
    assert "at best, less than half of the published +2.1. Not with all 2" in reading(result)


SECOND = """{table: two, title: t, paper: Table 2, rows: [{run: blendmask-r50},
    {run: blendmask-r50+tpr}], claims: [
    {name: again, better: blendmask-r50+tpr, than: blendmask-r50, published_gain: 9.0}]}"""


def test_a_comparison_counts_once_on_a_page(tmp_path):
    """Shown in a second table it has the same word and p, and says where it stood first."""
    table, records = load(tmp_path, *pairs([3.0, 3.2, 2.8]))
    second = load_table(write_manifest(tmp_path, SECOND, "two"))
    *_, first, _, again = judge_all([(table, records), (second, records)])
    assert (again.first, again.verdict, again.corrected) == (first, first.verdict, first.corrected)
    assert (first.tested, first.corrected, again.claim.name) == (1, first.p, "again")
    assert reading(again) == (
        "The comparison of Table 1(a), counted once. The gain published here is larger than the "
        "whole interval."
    )


def test_the_same_runs_on_other_records_are_another_comparison(tmp_path):
    table, records = load(tmp_path, *pairs([3.0, 3.2, 2.8]))
    second = load_table(write_manifest(tmp_path, SECOND, "two"))
    *_, again = judge_all([(table, records), (second, records[1:])])
    assert (again.first, again.tested) == (None, 2)


def test_an_open_claim_says_what_would_decide_it_both_ways(tmp_path):
    open_one = pairs([1.0, -1.0, 2.0, 0.5], draws=[0.4, 0.6] * 50)
    results = claims(tmp_path, *open_one).values()
    (row,) = deciding_rows(list(results))
    assert (row.name, row.published, len(row.cells)) == ("TPR helps", "+2.1", len(COLUMNS))
    found = [float(cell.split(" / ")[0]) for cell in row.cells]
    denied = [float(cell.split(" / ")[1]) for cell in row.cells]
    assert all(a > b for a, b in zip(found, denied, strict=True))
    assert found[0] < found[1] and denied[0] < denied[1]  # 5 and 20 seeds


def test_a_decided_claim_asks_for_nothing(tmp_path):
    assert deciding_rows(list(claims(tmp_path, *pairs([3.0, 3.2, 2.8])).values())) == []


# --- what else differs


def test_pairs_of_two_commits_or_machines_say_at_which_seeds(tmp_path):
    records = pairs([3.0, 3.2, 2.8])
    records[0]["train"] = records[0]["train"] | {"git": {"commit": "another"}}
    records[4]["train"] = records[4]["train"] | {"hardware": {"cpu": "another"}}
    results = claims(tmp_path, *records)
    line = "Trained at two commits: seed 0. Trained on two kinds of machine: seed 2."
    assert reading(results["TPR helps"]).endswith(line)
    assert unlike_pairs(list(results.values())) == [
        "1 of 1 claims have pairs trained at two commits; 1 of 1 claims have pairs trained on two "
        "kinds of machine. Each says at which seeds."
    ]


def test_a_claims_note_stands_beside_it(tmp_path):
    text = """{table: x, title: t, rows: [{run: a}, {run: b}], claims: [
        {name: one, better: a, than: b, published_gain: 1, note: b was pretrained longer.}]}"""
    (result,) = judge_all([(load_table(write_manifest(tmp_path, text, "x")), [])])
    assert claim_row("mini", result, 1.0).note == "b was pretrained longer."


# --- tables


def test_the_order_of_rows_is_compared_with_the_published_one(tmp_path):
    rows = [record(BASE, 0, 30.0), record("blendmask-r50+dacr", 0, 31.0), record(TPR, 0, 30.5)]
    table, records = load(tmp_path, *rows)
    assert "3 rows" in order(table_frame(table, records))
    assert "τ +0.33" in order(table_frame(table, records))
    assert order(table_frame(table, records[:2])) == ""


def test_a_claim_must_have_a_side(tmp_path):
    text = """{table: x, title: t, rows: [{run: a}, {run: b}], claims: [
        {name: equal, better: a, than: b, published_gain: 0}]}"""
    with pytest.raises(ValueError, match="claim 'equal': published_gain is 0"):
        load_table(write_manifest(tmp_path, text, "x"))
