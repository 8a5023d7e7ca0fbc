"""Rows of other authors' methods: shown as cited, never as ours."""

from experiments.declared.tables import Cited, Table, load_tables
from experiments.stages.layout import ROOT
from reports.paper.cited import COLUMNS, CitedRow, cited_rows
from reports.paper.transcription import Paper, load_paper


def test_numbers_are_as_printed_and_gaps_stay_gaps():
    rows = {
        "theirs": {"label": "MaskProp", "FPS_below": 2, "AP": 40.0},
        "ours": {"label": "TPR", "run": "blendmask-r50+tpr", "AP": 35.9},
    }
    paper = Paper({"2": {"title": "", "rows": rows}}, {}, [])
    assert COLUMNS == ("AP", "AP50", "AP75", "AR1", "AR10", "FPS")
    numbers = ["40.0", "–", "–", "–", "–", "< 2"]
    silent = CitedRow("MaskProp", numbers, "none: cited only", "")
    assert cited_rows(paper, Table("2", "", ())) == [silent]
    told = Table("2", "", (), cited=(Cited(("theirs",), "it is ours", "tracker a"),))
    assert cited_rows(paper, told) == [CitedRow("MaskProp", numbers, "tracker a", "it is ours")]
    assert cited_rows(paper, Table("budget", "", ())) == []


def test_table_2_is_whole_every_printed_row_is_a_run_or_cited():
    paper = load_paper()
    table = next(t for t in load_tables(ROOT / "experiments" / "manifests") if t.id == "2")
    printed = {row["run"]: row for row in paper.rows("2").values() if "run" in row}
    assert set(printed) == set(table.runs)
    assert len(cited_rows(paper, table)) + len(printed) == len(paper.rows("2")) == 17
    for row in table.rows:
        assert row.published == {name: printed[row.run][name] for name in row.published}


def test_other_tables_cite_nothing():
    paper = load_paper()
    tables = load_tables(ROOT / "experiments" / "manifests")
    assert [table.id for table in tables if cited_rows(paper, table)] == ["2"]


def test_no_cited_row_is_silent_and_nothing_is_said_of_a_row_that_is_not():
    paper = load_paper()
    for table in load_tables(ROOT / "experiments" / "manifests"):
        rows = paper.rows(table.id) if table.id in paper.tables else {}
        said = [row for one in table.cited for row in one.rows]
        assert sorted(said) == sorted(name for name, row in rows.items() if "run" not in row)
        assert all(one.why for one in table.cited)
