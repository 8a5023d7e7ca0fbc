"""Claims: paired differences, what intervals rest on, verdicts in order, and careful words."""

import pytest

from experiments.declared.tables import load_table
from reports.claims.claim_rows import reading
from reports.claims.judging import judge_all, noise_of
from reports.claims.verdicts import (
    INCONCLUSIVE,
    MISSING,
    NOT_REPRODUCED,
    OPPOSITE,
    REPRODUCED,
    SMALLER,
    Verdict,
    verdict,
    wording,
)
from reports.evidence.table_frames import table_frame
from reports.page.table_cells import order
from reports.records.run_record import load_records
from reports.statistics import Estimate
from tests.helpers.fake_records import record, write_manifest, write_record

BASE, TPR = "blendmask-r50", "blendmask-r50+tpr"


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


def known(low, high, seed_variance=1.0):
    return Estimate((low + high) / 2, seed_variance, 0.0, 10, low, high)


def test_differences_are_taken_seed_by_seed(tmp_path):
    extra = record(TPR, 9, 80.0)
    result = claims(tmp_path, *pairs([1.0, 1.25, 1.5]), extra)["TPR helps"]
    assert result.differences == {0: 1.0, 1: 1.25, 2: 1.5}
    assert result.estimate.mean == 1.25


def test_the_spread_over_seeds_is_pooled_over_all_runs_of_all_tables(tmp_path):
    """A claim of one seed takes the spread of a run of another table: 1 * 2 / 1 seed."""
    other = "table: x\ntitle: t\nrows: [{run: sipmask-r50}]\n"
    seeds = [record("sipmask-r50", seed, 30.0 + seed) for seed in range(3)]
    table, records = load(tmp_path, *pairs([1.0]), *seeds)
    second = load_table(write_manifest(tmp_path, other, "x"))
    found = judge_all([(table, records[:2]), (second, records[2:])])
    (result,) = (one for one in found if one.claim.name == "TPR helps")
    assert (result.estimate.seed_variance, result.estimate.freedom) == (2.0, 2)


def test_records_of_other_data_are_no_seeds_of_one_run(tmp_path):
    odd = record(BASE, 1, 80.0, dataset="e" * 64)
    _, records = load(tmp_path, record(BASE, 0, 30.0), odd)
    assert noise_of(records, "AP") is None


def test_one_seed_everywhere_is_not_judged(tmp_path):
    result = claims(tmp_path, *pairs([5.0]))["TPR helps"]
    assert (result.verdict.word, result.p_holm) == (INCONCLUSIVE, None)
    assert reading(result) == "One seed, and nothing to tell luck by: not judged."


def test_one_seed_with_draws_has_an_interval_over_videos_and_no_verdict(tmp_path):
    result = claims(tmp_path, *pairs([5.0], draws=[4.0, 6.0] * 50))["TPR helps"]
    assert result.verdict == Verdict(INCONCLUSIVE)
    assert 3 < result.estimate.low < 5 < result.estimate.high
    assert reading(result).startswith("The interval is one over videos.")


def test_draws_widen_the_interval_and_are_paired(tmp_path):
    """The draws of both runs differ by 0 or 2, so by a variance of 100 / 99 over 100 draws."""
    seeds = claims(tmp_path / "a", *pairs([1.0, 1.0]))["TPR helps"].estimate
    both = claims(tmp_path / "b", *pairs([1.0, 1.0], draws=[0.0, 2.0] * 50))["TPR helps"].estimate
    assert seeds.video_variance is None
    assert both.video_variance == pytest.approx(100 / 99 * 200 / 199)
    assert both.error**2 == pytest.approx(seeds.seed_variance + both.video_variance)
    assert both.high > seeds.high


def test_draws_of_one_side_only_are_not_used_and_that_is_said(tmp_path):
    records = pairs([3.0, 3.0], draws=[0.0, 2.0] * 50)
    del records[0]["evaluate"]["metrics"]["AP_draws"]
    result = claims(tmp_path, *records)["TPR helps"]
    assert result.estimate.video_variance is None
    assert "hold no bootstrap draws" in reading(result)


def test_metrics_without_draws_have_an_interval_over_seeds(tmp_path):
    _, records = load(tmp_path, *pairs([1.0, 1.0], draws=[0.0, 2.0] * 50))
    assert records[0].draws("AP") is not None and records[0].draws("AP50") is None
    assert noise_of(records, "AP50").seed == pytest.approx(0.125)


def test_unreadable_draws_make_a_record_unusable(tmp_path):
    raw = record(BASE, 0, 30.0)
    raw["evaluate"]["metrics"]["AP_draws"] = "?"
    write_record(tmp_path, raw)
    records, problems = load_records(tmp_path / "results" / "mini" / "records", "mini")
    assert records == [] and "bootstrap draws are not" in problems[0]


def test_runs_without_a_common_seed_are_not_run(tmp_path):
    result = claims(tmp_path, record(BASE, 0, 30.0), record(TPR, 1, 33.0))["TPR helps"]
    assert result.verdict == Verdict(MISSING) and result.estimate is None


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1, 3.0, Verdict(REPRODUCED)),
        (0.1, 1.0, Verdict(REPRODUCED)),  # reaches half of the published gain
        (0.1, 0.99, Verdict(NOT_REPRODUCED, SMALLER)),
        (-0.1, 0.99, Verdict(NOT_REPRODUCED)),
        (-2.0, -0.1, Verdict(NOT_REPRODUCED, OPPOSITE)),
        (0.0, 2.0, Verdict(INCONCLUSIVE)),
        (-1.0, 3.0, Verdict(INCONCLUSIVE)),
    ],
)
def test_verdicts_are_exclusive_and_in_order(low, high, expected):
    assert verdict(2.0, known(low, high)) == expected
    assert verdict(-2.0, known(-high, -low)) == expected


def test_without_a_spread_over_seeds_nothing_is_judged():
    assert verdict(2.0, known(1.0, 3.0, seed_variance=None)) == Verdict(INCONCLUSIVE)


def test_only_the_full_profile_gives_verdicts():
    found = Verdict(NOT_REPRODUCED, SMALLER)
    assert wording("full", found) == "not reproduced (smaller but present)"
    assert wording("mini", found) == "direction at mini scale: as published, but smaller"
    assert wording("smoke", found) == "meaningless (smoke)"
    for one in (Verdict(REPRODUCED), Verdict(NOT_REPRODUCED), Verdict(INCONCLUSIVE)):
        assert "reproduced" not in wording("mini", one)
    assert wording("mini", Verdict(MISSING)) == wording("full", Verdict(MISSING)) == "not run"


def test_the_claims_of_a_table_are_tested_together(tmp_path):
    """Two claims have run, so the smaller p counts twice and the larger at least as much."""
    records = pairs([3.0, 3.2, 2.8]) + pairs([0.2, 0.3, 0.1], better="blendmask-r50+cpr")[1::2]
    found = claims(tmp_path, *records)
    first, second = found["TPR helps"], found["CPR helps"]
    assert first.p_holm == pytest.approx(2 * first.p)
    assert second.p_holm == pytest.approx(max(second.p, first.p_holm))
    assert first.tested == 2 and found["DACR helps"].p_holm is None
    assert reading(first).startswith("Above zero, also with all 2 claims of the table tested at")


def test_a_gain_that_fades_among_the_claims_of_its_table_says_so(tmp_path):
    """p is 0.035: below 0.05 alone, and above it among two claims."""
    records = pairs([0.9, 0.9, 0.9]) + pairs([0.0, 0.0, 0.0], better="blendmask-r50+cpr")[1::2]
    result = claims(tmp_path, *records)["TPR helps"]
    assert result.p < 0.05 < result.p_holm
    assert reading(result).startswith("Above zero, but not with all 2 claims")


def test_an_inconclusive_claim_says_how_many_seeds_it_needs(tmp_path):
    # spread 2 over seeds: (2.4865 / 2.1)^2 = 1.402, times 2 * 4 is 11.2
    records = [record(BASE, 0, 30.0), record(BASE, 1, 30.0 + 8**0.5)]
    records += [record(TPR, 0, 30.5), record(TPR, 1, 30.5 + 8**0.5)]
    result = claims(tmp_path, *records)["TPR helps"]
    assert (result.verdict.word, result.seeds_needed) == (INCONCLUSIVE, 12)
    assert "at least 12 seeds are needed to see a gain as published, 2 ran" in reading(result)


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
