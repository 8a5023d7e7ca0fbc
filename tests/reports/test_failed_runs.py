"""A run that failed has a row that says so; a record of a part of the split stands in no table."""

import json

import pandas as pd
import pytest

from experiments.ship.shipped_records import ship_records
from experiments.stages.layout import Layout
from reports.build import build
from reports.records.pool import load_pool
from tests.helpers.fake_records import key, record, write_all, write_manifest, write_record
from tests.helpers.suite_helpers import edit, make_root, suite

RUN, NAME = "blendmask-r50", "blendmask-r50-seed0"


def fail(root, run, seed, evaluation="of other settings"):
    path = Layout("mini", root).failed / f"{run}-seed{seed}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    named = {"run": run, "seed": seed, "evaluation": evaluation, "stage": f"train {run}"}
    path.write_text(json.dumps(named | {"reason": "the loss is not finite at iteration 7"}))


def table(root):
    build("mini", root)
    path = root / "results" / "mini" / "tables" / "1a.csv"
    return pd.read_csv(path, dtype={"seed_ids": str}).set_index("run")


def test_a_failed_run_shows_no_number_not_even_an_older_one(tmp_path):
    write_manifest(tmp_path)
    for run in ("blendmask-r50", "blendmask-r50+tpr"):
        write_record(tmp_path, record(run, 0, 30.0))
    fail(tmp_path, "blendmask-r50+tpr", 0)
    row = table(tmp_path).loc["blendmask-r50+tpr"]
    assert (row.status, row.seeds, row.seed_ids) == ("failed", 0, "0-failed")
    assert pd.isna(row.AP) and pd.isna(row.gain)
    page = build("mini", tmp_path)
    reason = "blendmask-r50+tpr seed 0 failed (train blendmask-r50+tpr): the loss is not finite at"
    for path in (page, page.with_name("report.md")):
        assert reason in path.read_text()
    assert '<td colspan="2" class="measured">failed</td>' in page.read_text()
    assert "& 35.9 & failed &" in (tmp_path / "results/mini/tables/1a.tex").read_text()


def test_the_other_seeds_of_a_failed_one_stay_and_it_is_named(tmp_path):
    write_all(tmp_path)
    fail(tmp_path, "blendmask-r50", 1)
    row = table(tmp_path).loc["blendmask-r50"]
    assert (row.status, row.AP, row.seeds) == ("run", 30.25, 2)
    assert row.seed_ids == "0 1-failed 2"


@pytest.mark.parametrize(("same", "shown"), [(True, ["blendmask-r50 seed 0"]), (False, [])])
def test_a_failure_here_replaces_a_shipped_record_of_other_settings_only(tmp_path, same, shown):
    write_manifest(tmp_path)
    write_record(tmp_path, record("blendmask-r50", 0, 30.0))
    layout = Layout("mini", tmp_path)
    ship_records(layout)
    fail(tmp_path, "blendmask-r50", 0, key("evaluate", NAME) if same else "another")
    assert [one.name for one in load_pool(layout).for_tables] == shown


def test_a_record_of_a_part_of_the_split_is_refused_by_name(tmp_path):
    write_manifest(tmp_path)
    part = record("blendmask-r50+tpr", 0, 90.0)
    part["evaluate"]["metrics"]["videos"] = 150
    write_record(tmp_path, part)
    write_record(tmp_path, record("blendmask-r50", 0, 30.0))
    assert table(tmp_path).loc["blendmask-r50+tpr"].status == "not run"
    line = "blendmask-r50+tpr seed 0 is not used: it was evaluated on 150 of the 200 videos"
    assert line in build("mini", tmp_path).read_text()


@pytest.mark.parametrize(
    "data", ["videos: {val: {videos: 250}}", "dataset: x, holdout_videos: 250"]
)
def test_the_profile_says_how_many_videos_the_split_has(tmp_path, data):
    path = write_manifest(tmp_path).parent.parent / "profiles" / "mini.yaml"
    path.parent.mkdir()
    path.write_text(f"data: {{{data}}}")
    write_record(tmp_path, record("blendmask-r50", 0, 30.0))
    pool = load_pool(Layout("mini", tmp_path))
    assert pool.for_tables == [] and "200 of the 250 videos" in pool.problems[0]


def test_a_suite_with_a_diverged_training_says_so_until_it_succeeds(tmp_path):
    root = make_root(tmp_path)
    assert suite(root, RUN)[0] == 0
    edit(root / "experiments/manifests/profiles/smoke.yaml", "iterations: 10", "iterations: 12")
    status, _ = suite(root, RUN, TPR_FAKE_FAIL=f"train-{NAME}")
    failed = root / "results" / "smoke" / "failed" / f"{NAME}.json"
    found = json.loads(failed.read_text())
    assert status == 1 and found["stage"] == "train blendmask-r50 seed 0"
    assert found["reason"] == "the loss is not finite"
    pool = load_pool(Layout("smoke", root))
    assert pool.for_tables == [] and pool.problems[0].startswith("blendmask-r50 seed 0 failed")
    line = "failed  train blendmask-r50 seed 0: the loss is not finite"
    assert line in suite(root, "status", RUN)[1]
    assert suite(root, RUN)[0] == 0
    assert not failed.exists() and not list((root / "runs").rglob("failed.json"))
    assert not any("failed" in line for line in load_pool(Layout("smoke", root)).problems)
