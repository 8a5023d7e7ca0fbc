"""The transcription of the published tables, and the checks that run on it."""

import copy
from dataclasses import replace

import pytest

from experiments.declared.tables import load_tables
from experiments.stages.layout import ROOT, Layout
from reports.audit import build
from reports.audit_checks.audit_content import audit_content
from reports.audit_checks.cost_checks import (
    deformable_convolutions,
    deltas_add_up,
    implied_open_share,
    parameters_of_one_module,
    positions,
)
from reports.audit_checks.finding import IN_ORDER, MISSING, STANDS_OUT
from reports.audit_checks.offset_checks import offset_findings
from reports.audit_checks.result_checks import equal_pairs, gains_in_words, one_result_many_tables
from reports.costs.cost_evidence import load_costs
from reports.paper.transcription import load_paper
from tests.helpers.html_reader import Reader


def head(error, correlation):
    known = {"positions": 9, "error": error, "none": 1.0, "correlation": correlation}
    return known | {"r2": correlation**2}


FIT = {
    "metrics": {
        "level": "p3",
        "pairs": 70,
        "held_out_pairs": 30,
        "heads": {"linear": head(1.02, 0.1), "local correlation": head(0.8, 0.4)},
    }
}


@pytest.fixture
def paper():
    return load_paper()


def changed(paper, table, row, **values):
    tables = copy.deepcopy(paper.tables)
    tables[table]["rows"][row].update(values)
    return replace(paper, tables=tables)


def test_manifests_and_transcription_give_the_same_numbers(paper):
    """AP of every run that a table manifest and the same table of the transcription share."""
    compared = 0
    for table in load_tables(ROOT / "experiments" / "manifests"):
        rows = paper.rows(table.id) if table.id in paper.tables else {}
        theirs = {row["run"]: row["AP"] for row in rows.values() if "run" in row}
        for row in table.rows:
            if row.run in theirs and "AP" in row.published:
                assert row.published["AP"] == theirs[row.run], (table.id, row.run)
                compared += 1
    assert compared >= 11


def test_every_number_is_transcribed(paper):
    """Counted in the paper: 6 + 5 + 10 + 6 + 6 + 20 in Table 1, 91 in Table 2."""
    counts = {table: 0 for table in paper.tables}
    for table, *_ in paper.numbers():
        counts[table] += 1
    assert counts == {"1a": 6, "1b": 5, "1c": 10, "1d": 6, "1e": 6, "1f": 20, "2": 91}


def test_two_values_of_one_run_stand_out(paper):
    first = one_result_many_tables(paper)[0]
    assert first.outcome == STANDS_OUT and first.says == "The values are 0.4 apart."
    same = changed(paper, "2", "blendmask", AP=33.8)
    assert {finding.outcome for finding in one_result_many_tables(same)} == {IN_ORDER}


def test_gains_outside_the_sentence_are_named(paper):
    assert gains_in_words(paper).says.endswith("MaskTrack R-CNN gains 1.4.")
    better = changed(paper, "1e", "masktrack-tpr", AP=32.4)
    assert gains_in_words(better).outcome == IN_ORDER


def test_equal_pairs_of_two_methods_stand_out(paper):
    assert equal_pairs(paper).outcome == STANDS_OUT
    assert equal_pairs(changed(paper, "1e", "sipmask", AP=33.7)).outcome == IN_ORDER


def test_positions_of_a_padded_frame():
    """640 x 384: 3840 + 960 + 240 + 60 + 15."""
    assert positions() == 5115


def test_deformable_convolutions_do_not_fit(paper):
    finding = deformable_convolutions(paper, {})
    assert finding.outcome == STANDS_OUT and "6.03 G" in finding.steps[1]
    assert "2.9 times" in finding.says
    dearer = changed(paper, "1c", "dacr", GFLOPs_avg=63.0)
    assert deformable_convolutions(dearer, {}).outcome == IN_ORDER


def test_parameters_of_two_backbones(paper):
    finding = parameters_of_one_module(paper)
    assert finding.outcome == STANDS_OUT and finding.steps[2].endswith("4.13 M")
    equal = changed(paper, "1f", "tpr-r101", added_params=10.2)
    assert parameters_of_one_module(equal).outcome == IN_ORDER


def test_increases_of_two_tables_add_up(paper):
    assert deltas_add_up(paper).outcome == IN_ORDER
    assert deltas_add_up(changed(paper, "1c", "cpr", added_GFLOPs_avg=2.6)).outcome == STANDS_OUT


def test_committed_costs_are_current_and_explain_the_published_increases(paper):
    """results/full/costs.json belongs to the manifests at hand."""
    costs, problems = load_costs(Layout("full"))
    assert problems == []
    finding = implied_open_share(paper, costs)
    assert finding.outcome == IN_ORDER and finding.steps[0].endswith("= 9.2 %")


def test_audit_without_costs_says_what_has_not_run(paper):
    content = audit_content(paper, {}, [], {"mini": FIT})
    findings = content.groups[0].findings
    assert [f.outcome for f in findings].count(MISSING) == 2 and "2 not run" in content.summary
    assert content.explained == []


def test_what_offsets_can_see_is_told_from_their_fit():
    (finding,) = offset_findings({"mini": FIT})
    assert finding.outcome == STANDS_OUT and "takes −2.0 % off" in finding.says
    assert "best of these 20.0 %" in finding.says and "0.40; 16.0 % of" in finding.steps[1]
    seeing = FIT | {"metrics": FIT["metrics"] | {"heads": {"linear": head(0.5, 0.8)}}}
    assert offset_findings({"mini": seeing})[0].outcome == IN_ORDER
    assert offset_findings({})[0].outcome == MISSING


def test_pages_are_whole(tmp_path):
    """HTML that closes its tags, and Markdown tables of even width."""
    page = build(tmp_path)
    assert "33.8" in Reader(page.read_text()).text
    text = page.with_name("report.md").read_text()
    blocks = [block for block in text.split("\n\n") if block.startswith("|")]
    assert len(blocks) >= 8
    for block in blocks:
        assert len({line.replace("\\|", "").count("|") for line in block.splitlines()}) == 1
