"""What kind of error, on the page: cells, sentences, intervals, and absence without the data."""

import numpy as np
import pytest

from experiments.declared.measures import LOSSES
from experiments.stages.layout import Layout
from reports.build import build
from reports.errors.error_changes import changes_of, sentence
from reports.errors.error_rows import error_table
from reports.records.run_record import load_records
from tests.helpers.fake_records import record, write_manifest, write_record
from tpr.evaluation.draws import pack_draws

BASE, TPR = "blendmask-r50", "blendmask-r50+tpr"


def losing(run, seed, *lost):
    """A record that loses these points to the seven kinds, with draws close by."""
    raw = record(run, seed, 30.0)
    metrics = raw["evaluate"]["metrics"]
    for name, value in zip(LOSSES, lost, strict=True):
        metrics[name] = value
        metrics[f"{name}_draws"] = pack_draws((value + np.array([-0.1, 0.0, 0.1])) / 100)
    metrics |= {"HOTA": 40.0 + seed, "DetA": 30.0, "AssA": 60.0, "IDF1": 45.0}
    metrics |= {"identity_switches": 10 + seed, "fragmentations": 3}
    return raw


@pytest.fixture
def layout(tmp_path):
    """Two seeds of two runs; association changes by -3 and -2.8, classification by 0.1 and -0.1."""
    for raw in (
        losing(BASE, 0, 4.0, 1.0, 20.0, 8.0, 2.0, 3.0, 9.0),
        losing(BASE, 1, 4.0, 1.0, 22.0, 8.0, 2.0, 3.0, 9.0),
        losing(TPR, 0, 4.1, 1.0, 20.0, 5.0, 2.0, 3.0, 9.0),
        losing(TPR, 1, 3.9, 1.0, 22.0, 5.2, 2.0, 3.0, 9.0),
        record("blendmask-r101", 0, 33.0),
    ):
        write_record(tmp_path, raw)
    write_manifest(tmp_path)
    return Layout("mini", tmp_path)


def test_a_row_has_means_and_differences_to_the_image_model(layout):
    table = error_table(load_records(layout.records, "mini")[0])
    assert [row.run for row in table.rows] == [BASE, TPR]
    cells = dict(zip(table.columns, table.rows[1].cells, strict=True))
    assert (cells["association"].value, cells["association"].gain) == ("5.1", "−2.9")
    assert (cells["identity switches"].value, cells["HOTA"].value) == ("10", "40.5")
    assert table.rows[0].cells[0].gain == ""
    assert table.sentence == (
        "Of all kinds most AP is lost to masks in 2 of 2 runs: 21.0 to 21.0 points, over all runs."
    )


def test_a_sentence_names_the_largest_change_and_what_leaves_out_zero(layout):
    (found,) = changes_of(load_records(layout.records, "mini")[0], [(TPR, BASE)])
    (association,) = [one for one in found.kinds if one.kind == "association"]
    assert association.estimate.mean == pytest.approx(-2.9)
    text = sentence(found)
    assert text.startswith(f"Against {BASE}, {TPR} loses less AP to association −2.90 (")
    assert text.endswith("; for the other kinds zero lies within the interval.")


def test_the_page_shows_them(layout):
    page = build(layout.profile, layout.root).read_text()
    report = (layout.figures.parent / "report.md").read_text()
    for text in (page, report):
        assert "Of all kinds most AP is lost to masks in 2 of 2 runs" in text
        assert "loses less AP to association −2.90 (" in text
    assert (layout.figures / "errors.png").is_file()
    assert "HOTA" in (layout.tables / "1a.csv").read_text().splitlines()[0]


def test_records_without_losses_are_not_run(tmp_path):
    write_record(tmp_path, record(BASE, 0, 30.0))
    write_manifest(tmp_path)
    layout = Layout("mini", tmp_path)
    assert error_table(load_records(layout.records, "mini")[0]).rows == []
    assert (
        "Not run: no evaluation of these records says"
        in build(layout.profile, layout.root).read_text()
    )
    assert not (layout.figures / "errors.png").is_file()
    assert "HOTA" not in (layout.tables / "1a.csv").read_text()
