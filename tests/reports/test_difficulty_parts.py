"""AP by difficulty in the report: exact means and gains, nothing mixed, absent without the data."""

import copy

import pandas as pd
import pytest

from experiments.declared.tables import load_table
from experiments.stages.layout import Layout
from reports.build import build
from reports.csv_files import write_csv_files
from reports.difficulty.ap_by_part import (
    aps_by_part,
    difficulty_frame,
    gain_over_seeds,
    headline_pairs,
)
from reports.difficulty.part_tables import PartCell, difficulty_tables
from reports.evidence.load import load as load_evidence
from reports.records.run_record import load_records
from tests.helpers.fake_records import record, write_manifest, write_record

BASE, TPR = "blendmask-r50", "blendmask-r50+tpr"
GROUPS = {
    "overlap": [
        {"name": "low", "size": 120, "AP": 0.0, "low": 0.0, "high": 0.0},
        {"name": "high", "size": 80, "AP": 0.0, "low": 0.014, "high": 0.5},
    ],
    "frames": [
        {"name": "first", "size": 200, "AP": 0.0},
        {"name": "low_light", "size": 50, "AP": 0.0},
    ],
}


def hard(run, seed, *aps):
    """A record with these APs in the four parts of GROUPS."""
    raw = record(run, seed, 30.0)
    raw["evaluate"]["metrics"]["difficulty"] = groups = copy.deepcopy(GROUPS)
    for one, ap in zip((one for part in groups.values() for one in part), aps, strict=True):
        one["AP"] = ap
    return raw


def load(root, *records):
    for raw in records:
        write_record(root, raw)
    write_manifest(root)
    return load_records(root / "results" / "mini" / "records", "mini")[0]


def four(root):
    """Two seeds of two runs; the gains in the four parts are 1 and 2, 4, 0 and 1, undefined."""
    return load(
        root,
        hard(BASE, 0, 40.0, 10.0, 30.0, None),
        hard(BASE, 1, 42.0, 12.0, 30.0, None),
        hard(TPR, 0, 41.0, 14.0, 30.0, 8.0),
        hard(TPR, 1, 44.0, 16.0, 31.0, 9.0),
    )


def test_a_row_is_a_run_in_a_part_with_its_gain_over_the_image_model(tmp_path):
    frame = difficulty_frame(aps_by_part(four(tmp_path))).set_index(["run", "grouping", "name"])
    row = frame.loc[(TPR, "overlap", "low")]
    assert (row.AP, row.AP_std, row.seeds, row.gain) == (42.5, 2.12132, 2, 1.5)
    assert (row["size"], row.low, row.high, row.gain_over) == (120, 0, 0, BASE)
    assert pd.isna(frame.loc[(BASE, "overlap", "low")].gain)
    undefined = frame.loc[(TPR, "frames", "low_light")]
    assert undefined.AP == 8.5 and pd.isna(undefined.gain)
    assert frame.loc[(BASE, "frames", "low_light")].seeds == 0


def test_gains_have_an_interval_over_seeds(tmp_path):
    found = {(part.grouping, part.name): aps for part, aps in aps_by_part(four(tmp_path)).items()}
    gain = gain_over_seeds(found["overlap", "low"], TPR, BASE)
    # gains of 1 and 2: a variance of 0.5 over two seeds
    assert (gain.mean, gain.seed_variance, gain.freedom) == (1.5, 0.25, 1)
    assert gain_over_seeds(found["frames", "low_light"], TPR, BASE) is None


def test_records_with_other_parts_than_the_latest_are_left_out(tmp_path):
    odd = hard(TPR, 2, 90.0, 90.0, 90.0, 90.0)
    odd["evaluate"]["metrics"]["difficulty"]["overlap"][0]["size"] = 119
    odd["evaluate"]["finished"] = "2020-01-01T00:00:00+00:00"
    records = load(tmp_path, hard(TPR, 0, 1.0, 1.0, 1.0, 1.0), odd, record(TPR, 1, 30.0))
    assert all(aps == {TPR: {0: 1.0}} for aps in aps_by_part(records).values())


def test_headlines_are_the_largest_published_gains_over_image_models(tmp_path):
    table = load_table(write_manifest(tmp_path))
    pairs = [(TPR, BASE), ("blendmask-r101+tpr", "blendmask-r101")]
    assert headline_pairs([table]) == pairs


def test_cells_say_amounts_and_counts_as_people_read_them(tmp_path):
    parts = aps_by_part(four(tmp_path))
    videos, frames = difficulty_tables(list(parts), difficulty_frame(parts))
    assert videos.spans == [("overlap of objects", 2)]
    assert [one.extent for one in videos.columns] == ["0 % (120)", "1–50 % (80)"]
    assert [one.name for one in frames.columns] == ["first", "low light"]
    assert videos.rows[1].cells[1] == PartCell("15.0", "+4.0")
    assert frames.rows[0].cells[1] == PartCell("–", "")


def test_page_csv_and_figure_have_them(tmp_path):
    four(tmp_path)
    page = build("mini", tmp_path)
    assert "AP by difficulty of the validation data" in page.read_text()
    figure = page.parent / "figures" / "difficulty.png"
    assert figure.is_file()
    report = page.with_name("report.md").read_text()
    assert "| `blendmask-r50+tpr` | 42.5 (+1.5) | 15.0 (+4.0) |" in report
    assert "overlap of objects, high (1–50 %) +4.0" in report
    csv = pd.read_csv(tmp_path / "results/mini/tables/difficulty.csv")
    assert len(csv) == 8


@pytest.mark.parametrize("records", [(), (record(BASE, 0, 30.0),)])
def test_without_the_data_the_section_is_absent(tmp_path, records):
    load(tmp_path, *records)
    assert "AP by difficulty" not in build("mini", tmp_path).read_text()
    layout = Layout("mini", tmp_path)
    assert "difficulty" not in {one.stem for one in write_csv_files(load_evidence(layout), layout)}
