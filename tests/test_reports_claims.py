"""Claims: paired differences, Student intervals, and words that never judge the paper."""

import pytest
from fake_records import record, write_manifest, write_record

from reports.claims import MISSING, OPEN, OPPOSITE, SAME, direction, judge, wording
from reports.manifest import load_table
from reports.records import load_records
from reports.statistics import Interval, mean_interval


def claims(root, *records):
    """Results of the manifest's claims by name."""
    for raw in records:
        write_record(root, raw)
    table = load_table(write_manifest(root))
    loaded, _ = load_records(root / "results" / "mini" / "records", "mini")
    return {result.claim.name: result for result in judge(table, loaded)}


def pairs(gaps, better="blendmask-r50+tpr", than="blendmask-r50"):
    """Records of two runs whose AP differs by `gaps`, one a seed."""
    records = []
    for seed, gap in enumerate(gaps):
        records += [
            record(than, seed, 30.0 + 5 * seed),
            record(better, seed, 30.0 + 5 * seed + gap),
        ]
    return records


def test_interval_is_the_textbook_one():
    # t(0.95, 2 degrees) = 2.919986; sample deviation 1: half width 2.919986 / sqrt(3)
    interval = mean_interval([1.0, 2.0, 3.0])
    assert interval.mean == 2
    assert interval.high - 2 == pytest.approx(1.685854, abs=1e-6)
    assert 2 - interval.low == pytest.approx(1.685854, abs=1e-6)


def test_one_value_has_a_mean_and_no_bounds():
    assert mean_interval([1.5]) == Interval(1.5, None, None)
    assert mean_interval([]) is None


def test_level_of_seeds_cancels_in_paired_differences(tmp_path):
    result = claims(tmp_path, *pairs([1.0, 1.25, 1.5]))["TPR helps"]
    assert result.differences == {0: 1.0, 1: 1.25, 2: 1.5}
    assert result.interval.mean == 1.25
    assert result.direction == SAME
    assert result.video_errors == (1.25, 1.25)


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ((1.0, 1.1), SAME),
        ((-1.0, -1.1), OPPOSITE),
        ((1.0, -1.0), OPEN),
        ((5.0,), OPEN),
        ((), MISSING),
    ],
)
def test_directions(tmp_path, gaps, expected):
    assert claims(tmp_path, *pairs(gaps))["TPR helps"].direction == expected


def test_a_published_loss_is_met_by_a_loss():
    assert direction(-0.6, Interval(-1, -1.5, -0.5)) == SAME
    assert direction(-0.6, Interval(1, 0.5, 1.5)) == OPPOSITE


def test_an_interval_that_touches_zero_resolves_nothing():
    assert direction(1.0, Interval(1, 0.0, 2.0)) == OPEN


def test_words_of_each_profile(tmp_path):
    result = claims(tmp_path, *pairs([1.0, 1.1]))["TPR helps"]
    assert wording("mini", result) == "direction at mini scale: same sign"
    assert wording("smoke", result) == "meaningless (smoke)"
    assert "reproduced" not in wording("full", result)


def test_one_seed_is_said(tmp_path):
    result = claims(tmp_path, *pairs([1.0]))["TPR helps"]
    assert wording("mini", result) == "direction at mini scale: not resolved (one seed)"


def test_seeds_of_one_side_only_do_not_count(tmp_path):
    extra = record("blendmask-r50+tpr", 9, 80.0)
    result = claims(tmp_path, *pairs([1.0, 1.5]), extra)["TPR helps"]
    assert list(result.differences) == [0, 1]
