"""Claims of the text that have a side and no number: on kinds of errors, and on hard videos."""

from pathlib import Path

import pytest

from experiments.declared.measures import LOSSES, MEASURES
from experiments.declared.tables import load_table, load_tables
from reports.claims.claim_rows import claim_row
from reports.claims.deciding import deciding_rows
from reports.claims.judging import judge_all
from reports.claims.kind_sentences import kind_sentences
from reports.claims.readings import reading
from reports.claims.verdicts import (
    DIRECTIONS,
    INCONCLUSIVE,
    MISSING,
    NOT_REPRODUCED,
    OPPOSITE,
    REPRODUCED,
    Verdict,
)
from reports.records.run_record import load_records
from tests.helpers.fake_records import record, write_manifest, write_record
from tpr.evaluation.errors.kinds import KINDS

ROOT = Path(__file__).parents[2]
MANIFEST = """{table: kinds, title: t, paper: Fig. 7, rows: [{run: a}, {run: a+tpr}], claims: [
    {name: category, better: a+tpr, than: a, measure: lost_classification, expects: less},
    {name: overlap, better: a+tpr, than: a, measure: AP_overlap_high, expects: more},
    {name: gain, better: a+tpr, than: a, published_gain: 2.0}]}"""


def judged(root, losses, overlaps):
    """Results by name, of three seeds or so whose losses and hard parts differ by these gaps."""
    for run, sign in (("a", 0), ("a+tpr", 1)):
        for seed, (lost, overlap) in enumerate(zip(losses, overlaps, strict=True)):
            raw = record(run, seed, 30.0)
            parts = [{"name": "high", "size": 9, "AP": 20 + seed + sign * overlap}]
            raw["evaluate"]["metrics"] |= {"difficulty": {"overlap": parts}}
            if lost is not None:
                raw["evaluate"]["metrics"]["lost_classification"] = 5 + seed + sign * lost
            write_record(root, raw)
    loaded, _ = load_records(root / "results" / "mini" / "records", "mini")
    table = load_table(write_manifest(root, MANIFEST, "kinds"))
    return {one.claim.name: one for one in judge_all([(table, loaded)])}


def test_a_loss_that_falls_is_as_the_text_says(tmp_path):
    found = judged(tmp_path, [-2.0, -2.2, -1.9], [3.0, 3.1, 2.8])
    assert found["category"].verdict == found["overlap"].verdict == Verdict(REPRODUCED)
    assert found["category"].estimate.mean == pytest.approx(-6.1 / 3)
    assert reading(found["category"]).startswith("Below zero, with all 3 comparisons")
    assert DIRECTIONS[found["overlap"].verdict] == "as the text says"


def test_a_loss_that_grows_is_opposite_and_one_that_stays_open(tmp_path):
    found = judged(tmp_path, [2.0, 2.2, 1.9], [1.0, -1.0, 0.2])
    assert found["category"].verdict == Verdict(NOT_REPRODUCED, OPPOSITE)
    assert reading(found["category"]).startswith("The other side of zero")
    assert found["overlap"].verdict == Verdict(INCONCLUSIVE)
    assert reading(found["overlap"]).startswith("Nothing, and either side, are both possible.")
    assert [row.name for row in deciding_rows([*found.values()])] == []


def test_records_without_the_measure_have_not_run_it(tmp_path):
    """Those of before December 2026."""
    found = judged(tmp_path, [None] * 3, [3.0, 3.1, 2.8])
    assert found["category"].verdict == Verdict(MISSING)
    assert found["overlap"].verdict == Verdict(REPRODUCED)


def test_measures_of_the_same_two_runs_are_comparisons_of_their_own(tmp_path):
    found = judged(tmp_path, [-2.0, -2.2, -1.9], [3.0, 3.1, 2.8])
    assert {one.tested for one in found.values()} == {3}
    assert all(one.first is None for one in found.values())


def test_a_row_says_what_is_measured_and_shows_no_published_number(tmp_path):
    row = claim_row("mini", judged(tmp_path, [-2.0] * 3, [1.0] * 3)["category"], 5.0)
    assert (row.metric, row.published) == ("AP lost to classification", "less")
    assert row.strip.published is None


def test_a_sentence_tells_what_each_came_to_and_what_is_not_run(tmp_path):
    text = kind_sentences("mini", [*judged(tmp_path, [None] * 3, [3.0, 3.1, 2.8]).values()])
    assert text.startswith(
        "overlap: AP of the third of the videos with most overlap +2.97 (+2.71 to +3.22), as the"
    )
    assert text.endswith("as the text says. Not run: category.")  # and nothing of the gain in AP


def test_every_kind_of_error_can_be_claimed():
    assert [name.removeprefix("lost_") for name in LOSSES] == list(KINDS)


def test_the_text_is_claimed_to_be_right_about_overlap_scale_category_and_background():
    tables = {table.id: table for table in load_tables(ROOT / "experiments" / "manifests")}
    claimed = {claim.measure for claim in tables["kinds"].claims}
    assert claimed >= {
        "AP_overlap_high",
        "AP_scale_change_high",
        "lost_classification",
        "lost_background",
    }
    assert all(claim.sentence for claim in tables["kinds"].claims) and claimed <= set(MEASURES)


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ("measure: lost_clasification, expects: less", "did you mean 'lost_classification'"),
        ("expects: lesser", "unknown side 'lesser'; did you mean 'less'"),
        ("metric: AP", "lacks the key 'published_gain', or 'expects'"),
        ("expects: less, published_gain: 1", "one of which says the side"),
    ],
)
def test_a_mistake_in_a_claim_is_one_line(tmp_path, claim, message):
    text = f"""{{table: x, title: t, rows: [{{run: a}}, {{run: b}}], claims: [
        {{name: one, better: a, than: b, {claim}}}]}}"""
    with pytest.raises(ValueError, match=message):
        load_table(write_manifest(tmp_path, text, "x"))
