"""Tables are pure functions of records: exact means, spreads and gains, and nothing mixed."""

import json
import math

import pandas as pd
import pytest

from experiments.declared.tables import load_table
from experiments.stages.layout import Layout
from reports.csv_files import write_csv_files
from reports.evidence.load import load
from reports.evidence.table_frames import table_frame
from reports.records.comparable import comparable
from reports.records.run_record import load_records
from tests.helpers.fake_records import DATASET, record, write_all, write_manifest, write_record


def rows(root, *records):
    """The table of `records`, by run, and the lines about what was left out."""
    for raw in records:
        write_record(root, raw)
    table = load_table(write_manifest(root))
    loaded, problems = load_records(root / "results" / "mini" / "records", "mini")
    kept, left_out = comparable(table, loaded)
    return table_frame(table, kept).set_index("run"), problems + left_out


def write_tables(root):
    layout = Layout("mini", root)
    return write_csv_files(load(layout), layout)


def test_a_row_is_the_mean_over_seeds_with_sample_deviation(tmp_path):
    frame, problems = rows(tmp_path, *(record("blendmask-r50", k, 30.0 + k) for k in range(3)))
    row = frame.loc["blendmask-r50"]
    assert (row.AP, row.AP50, row.AP75, row.AR1, row.AR10) == (31, 51, 26, 34, 39)
    assert (row.AP_std, row.seeds, row.seed_ids, row.AP_bootstrap_se) == (1, 3, "0 1 2", 1.25)
    assert (row.published, row.status) == (33.8, "run")
    assert problems == []


def test_one_seed_has_no_deviation(tmp_path):
    frame, _ = rows(tmp_path, record("blendmask-r50", 4, 30.0))
    assert math.isnan(frame.loc["blendmask-r50"].AP_std)
    assert frame.loc["blendmask-r50"].seed_ids == "4"


def test_runs_without_records_stay_as_not_run(tmp_path):
    frame, _ = rows(tmp_path, record("blendmask-r50", 0, 30.0))
    assert list(frame.index)[3] == "blendmask-r50+tpr"
    row = frame.loc["blendmask-r50+tpr"]
    assert (row.status, row.seeds, row.published) == ("not run", 0, 35.9)
    assert math.isnan(row.AP) and math.isnan(row.gain)


def test_gain_is_paired_over_the_seeds_that_both_runs_have(tmp_path):
    frame, _ = rows(
        tmp_path,
        record("blendmask-r50", 0, 30.0),
        record("blendmask-r50", 1, 40.0),
        record("blendmask-r50+tpr", 1, 41.5),
        record("blendmask-r50+tpr", 2, 99.0),
    )
    row = frame.loc["blendmask-r50+tpr"]
    assert (row.gain, row.published_gain, row.gain_over) == (1.5, 2.1, "blendmask-r50")


def test_a_row_is_compared_with_the_run_that_its_claim_names(tmp_path):
    table = load_table(write_manifest(tmp_path))
    baselines = {row.run: table.baseline_of(row) for row in table.rows}
    assert baselines["blendmask-r101+tpr"] == "blendmask-r101"
    assert baselines["blendmask-r101"] is None
    assert baselines["blendmask-r50"] is None


def test_a_row_that_nothing_compares_has_no_baseline_wherever_it_stands(tmp_path):
    text = """{table: x, title: t, rows: [{run: a}, {run: b}, {run: c, baseline: b}]}"""
    table = load_table(write_manifest(tmp_path, text, "x"))
    assert [table.baseline_of(row) for row in table.rows] == [None, None, "b"]


def test_another_dataset_is_left_out_and_named(tmp_path):
    frame, problems = rows(
        tmp_path,
        record("blendmask-r50", 0, 30.0),
        record("blendmask-r50+tpr", 0, 32.0),
        record("blendmask-r50+cpr", 0, 90.0, dataset="e" * 64),
    )
    assert frame.loc["blendmask-r50+cpr"].status == "not run"
    assert len(problems) == 1
    assert "blendmask-r50+cpr seed 0" in problems[0]
    assert f"different dataset fingerprint: eeeeeeeeeeee, not {DATASET[:12]}" in problems[0]


def test_a_seed_trained_with_another_specification_is_left_out(tmp_path):
    odd = record("blendmask-r50", 2, 90.0)
    odd["train"]["spec"]["model"]["temporal"] = {"module": "tpr"}
    plain = [record("blendmask-r50", seed, 30.0) for seed in (0, 1)]
    frame, problems = rows(tmp_path, *plain, odd)
    assert frame.loc["blendmask-r50"].AP == 30
    assert problems[0].endswith("blendmask-r50 seed 2 (different specification of train)")


def test_seeds_saved_at_other_intervals_stand_in_one_row(tmp_path):
    records = [record("blendmask-r50", seed, 30.0) for seed in (0, 1)]
    for raw, every in zip(records, (100, 500), strict=True):
        raw["train"]["spec"]["train"] = {"checkpoint_every": every, "clip": 1.0}
    frame, problems = rows(tmp_path, *records)
    assert (frame.loc["blendmask-r50"].seeds, problems) == (2, [])


def test_runs_with_another_schedule_do_not_stand_in_one_table(tmp_path):
    odd = record("blendmask-r50+cpr", 0, 90.0)
    odd["train"]["spec"]["train"] = {"lr": 0.2}
    plain = [record(run, 0, 30.0) for run in ("blendmask-r50", "blendmask-r50+tpr")]
    frame, problems = rows(tmp_path, *plain, odd)
    assert frame.loc["blendmask-r50+cpr"].status == "not run"
    assert problems[0].endswith("blendmask-r50+cpr seed 0 (different training settings)")


@pytest.mark.parametrize(("varies", "status"), [("[budget_weight]", "run"), ("[]", "not run")])
def test_rows_may_differ_in_what_the_table_is_about(tmp_path, varies, status):
    for run, weight in (("a", 0.1), ("b", 1.5)):
        raw = record(run, 0, 30.0)
        raw["train"]["spec"]["model"]["budget_weight"] = weight
        raw["evaluate"]["finished"] = f"2026-11-22T1{weight:.0f}:00:00+00:00"
        write_record(tmp_path, raw)
    text = f"{{table: x, title: t, varies: {varies}, rows: [{{run: a}}, {{run: b}}]}}"
    table = load_table(write_manifest(tmp_path, text, "x"))
    loaded, _ = load_records(tmp_path / "results" / "mini" / "records", "mini")
    kept, _ = comparable(table, loaded)
    assert table_frame(table, kept).set_index("run").loc["a"].status == status


def test_the_latest_record_decides_which_data_the_table_shows(tmp_path):
    old = [record(run, 0, 30.0) for run in ("blendmask-r50", "blendmask-r101")]
    new = record("blendmask-r50+tpr", 0, 40.0, dataset="e" * 64)
    new["evaluate"]["finished"] = "2026-11-23T00:00:00+00:00"
    frame, problems = rows(tmp_path, *old, new)
    assert frame.loc["blendmask-r50"].status == "not run"
    assert frame.loc["blendmask-r50+tpr"].AP == 40
    assert "blendmask-r50 seed 0, blendmask-r101 seed 0" in problems[0]


def test_runs_of_one_image_model_share_its_pretrained_weights(tmp_path):
    odd = record("blendmask-r50+cpr", 0, 90.0)
    odd["train"]["inputs"]["pretrain"] = "q" * 64
    other_model = record("blendmask-r101", 0, 50.0)
    other_model["train"]["inputs"]["pretrain"] = "r" * 64
    plain = [record(run, 0, 30.0) for run in ("blendmask-r50", "blendmask-r50+tpr")]
    frame, problems = rows(tmp_path, *plain, odd, other_model)
    assert frame.loc["blendmask-r50+cpr"].status == "not run"
    assert frame.loc["blendmask-r101"].AP == 50
    assert problems[0].endswith("blendmask-r50+cpr seed 0 (different pretrained weights)")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "Expecting"),
        ("[]", "not used"),
        ("{}", "lacks 'evaluate'"),
        (json.dumps(record("blendmask-r50", 0, 1.0, profile="full")), "belongs to profile full"),
    ],
)
def test_unusable_files_are_named_and_do_not_stop_the_report(tmp_path, content, reason):
    good = write_record(tmp_path, record("blendmask-r50", 1, 30.0))
    (good.parent / "odd.json").write_text(content)
    records, problems = load_records(good.parent, "mini")
    assert [one.name for one in records] == ["blendmask-r50 seed 1"]
    assert problems[0].startswith("odd.json is not used") and reason in problems[0]


def test_two_files_for_one_run_and_seed_are_refused(tmp_path):
    path = write_record(tmp_path, record("blendmask-r50", 0, 30.0))
    (path.parent / "copy.json").write_text(path.read_text())
    records, problems = load_records(path.parent, "mini")
    assert len(records) == 1 and "a second record" in problems[0]


def test_undefined_metrics_are_unknown_not_zero(tmp_path):
    raw = record("blendmask-r50", 0, 30.0)
    raw["evaluate"]["metrics"]["AR10"] = None
    frame, _ = rows(tmp_path, raw)
    assert math.isnan(frame.loc["blendmask-r50"].AR10)


def test_csv_has_a_row_a_run_and_the_label_cells(tmp_path):
    write_all(tmp_path)
    path = write_tables(tmp_path)[0]
    assert path == tmp_path / "results" / "mini" / "tables" / "1a.csv"
    frame = pd.read_csv(path)
    wanted = ["run", "Backbone", "DACR", "CPR", "AP", "AP50", "AP75", "AR1", "AR10", "AP_std"]
    assert list(frame.columns[:10]) == wanted
    assert len(frame) == 6
    assert frame.AP.iloc[0] == 30.5 and frame.published.iloc[5] == 39.1


def test_writing_tables_again_changes_no_byte_and_leaves_no_scratch(tmp_path):
    write_all(tmp_path)
    paths = write_tables(tmp_path)
    before = [path.read_bytes() for path in paths]
    write_tables(tmp_path)
    assert [path.read_bytes() for path in paths] == before
    assert {*paths[0].parent.iterdir()} == {*paths}


def test_label_cells_may_not_hide_our_columns(tmp_path):
    write_manifest(tmp_path, "{table: x, title: t, rows: [{run: a, cells: {AP: 1}}]}", "x")
    with pytest.raises(ValueError, match=r"x\.yaml:1: 'AP' is a column of ours"):
        write_tables(tmp_path)


def test_a_broken_manifest_is_named(tmp_path):
    path = write_manifest(tmp_path, "{table: x}", "x")
    with pytest.raises(ValueError, match=r"x\.yaml:1: the file lacks the key 'title'$"):
        load_table(path)


@pytest.mark.parametrize(("other", "status"), [("yolact-r50", "run"), ("blendmask-r50+tpr", "not")])
def test_methods_have_their_own_detections_and_tracking_heads_but_runs_of_one_do_not(
    tmp_path, other, status
):
    for run, nms in (("blendmask-r50", 0.6), (other, 0.5)):
        raw = record(run, 0, 30.0)
        raw["evaluate"]["spec"] = {"infer": {"batch": 1, "detections": {"nms": nms}}}
        raw["train"]["spec"]["model"]["track"] = {"name": str(nms)}
        raw["evaluate"]["finished"] += run  # blendmask-r50+tpr is the later one
        write_record(tmp_path, raw)
    text = f"{{table: x, title: t, rows: [{{run: blendmask-r50}}, {{run: {other}}}]}}"
    table = load_table(write_manifest(tmp_path, text, "x"))
    loaded, _ = load_records(tmp_path / "results" / "mini" / "records", "mini")
    frame = table_frame(table, comparable(table, loaded)[0]).set_index("run")
    assert frame.loc["blendmask-r50"].status.startswith(status)
