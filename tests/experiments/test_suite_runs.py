"""The suite with fake stages: what runs, what is skipped, what fails, what it prints."""

import json
import os
import time

import pytest

from tests.helpers.suite_helpers import calls, edit, make_root, start, suite, values

KINDS = ("videos", "images", "pretrain", "train", "evaluate")


@pytest.fixture
def root(tmp_path):
    return make_root(tmp_path)


def kinds(names):
    return {kind: n for kind in KINDS if (n := sum(name.startswith(kind + "-") for name in names))}


def test_table_1a_runs_each_stage_once_and_writes_results(root):
    status, output = suite(root, "1a")
    assert status == 0, output
    expected = {"videos": 1, "images": 1, "pretrain": 2, "train": 6, "evaluate": 6}
    assert kinds(calls(root, "begin")) == kinds(values(root)) == expected
    folder = root / "results" / "smoke" / "records"
    assert len(list(folder.iterdir())) == 6
    result = json.loads((folder / "blendmask-r50+tpr-seed0.json").read_text())
    assert (result["run"], result["seed"], result["profile"]) == ("blendmask-r50+tpr", 0, "smoke")
    for kind in ("evaluate", "train", "pretrain"):
        assert result[kind]["stage"] == kind
    assert result["evaluate"]["inputs"]["train"] == result["train"]["key"]


def test_a_record_says_where_its_numbers_come_from(root):
    suite(root, "blendmask-r50")
    path = next((root / "runs" / "smoke").glob("train-*/record.json"))
    record = json.loads(path.read_text())
    assert record["key"].startswith(path.parent.name[-12:])
    assert record["spec"]["seed"] == 0 and record["inputs"].keys() == {"videos", "pretrain"}
    assert len(record["git"]["commit"]) == 40 and record["seconds"] > 0
    assert record["packages"]["torch"] and record["hardware"]["cores"] >= 1
    assert record["started"] <= record["finished"]
    assert record["repeats"]["this_machine"].startswith("bit-identical metrics")
    assert record["repeats"]["other_machines"].startswith("not guaranteed: another processor")


def test_a_rerun_does_nothing_in_under_three_seconds(root):
    suite(root, "1a")
    before, begin = calls(root, "begin"), time.monotonic()
    status, output = suite(root, "1a")
    assert time.monotonic() - begin < 3
    assert status == 0 and output.startswith("Nothing to do: all 6 results are there")
    assert calls(root, "begin") == before


def test_a_changed_setting_runs_what_depends_on_it(root):
    suite(root, "1a")
    edit(root / "experiments/manifests/profiles/smoke.yaml", "iterations: 10", "iterations: 12")
    _, plan = suite(root, "1a", "--dry-run")
    assert "train blendmask-r50 seed 0: changed: train.iterations 10 -> 12" in plan
    assert "evaluate blendmask-r50 seed 0: changed: its input train" in plan
    before = len(calls(root, "begin"))
    status, _ = suite(root, "1a")
    assert status == 0
    assert kinds(calls(root, "begin")[before:]) == {"train": 6, "evaluate": 6}


def test_a_dry_run_names_every_stage_and_runs_none(root):
    status, output = suite(root, "1a", "--seeds", "0,1", "--dry-run")
    assert status == 0 and not (root / "runs").exists()
    assert output.count("run     train and evaluate ") == 6  # a line a run
    assert "run     train and evaluate blendmask-r50 seeds 0, 1: missing" in output
    assert "run     videos: missing" in output
    assert "28 stages to run" in output


def test_seeds_share_data_and_pretraining(root):
    suite(root, "blendmask-r50", "--seeds", "0,3")
    expected = {"videos": 1, "images": 1, "pretrain": 1, "train": 2, "evaluate": 2}
    assert kinds(calls(root, "begin")) == expected


def test_force_trains_and_evaluates_the_targets_again(root):
    suite(root, "blendmask-r50", "blendmask-r101")
    first, before = values(root), len(calls(root, "begin"))
    status, _ = suite(root, "blendmask-r50", "--force")
    again = calls(root, "begin")[before:]
    assert status == 0 and kinds(again) == {"train": 1, "evaluate": 1}
    assert all("r101" not in name for name in again)
    assert values(root) == first


def test_a_failing_stage_does_not_stop_the_others(root):
    status, output = suite(root, "1a", TPR_FAKE_FAIL="train-blendmask-r50-seed0")
    assert status == 1
    assert (
        "FAILED    train blendmask-r50 seed 0: FloatingPointError: the loss is not finite (log: "
        in output
    )
    assert "not run   evaluate blendmask-r50 seed 0: needs train blendmask-r50 seed 0" in output
    assert kinds(values(root)) == {
        "videos": 1,
        "images": 1,
        "pretrain": 2,
        "train": 5,
        "evaluate": 5,
    }
    assert not (root / "results/smoke/records/blendmask-r50-seed0.json").exists()
    status, _ = suite(root, "1a")
    assert status == 0 and kinds(values(root))["evaluate"] == 6


def test_two_suites_at_once_do_each_stage_once(root):
    both = [start(root, "1a", TPR_FAKE_TICK="0.05") for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    for event in ("begin", "end"):
        names = calls(root, event)
        assert len(names) == len(set(names)) == 16


def test_a_damaged_record_counts_as_missing(root):
    suite(root, "blendmask-r50")
    path = next((root / "runs" / "smoke").glob("evaluate-*/record.json"))
    path.write_text(path.read_text()[:100])
    status, _ = suite(root, "blendmask-r50")
    assert status == 0 and json.loads(path.read_text())["metrics"]["AP"] == 1.0


def test_deleted_runs_keep_committed_results_until_they_are_replaced(root):
    suite(root, "blendmask-r50")
    result = root / "results" / "smoke" / "records" / "blendmask-r50-seed0.json"
    before = json.loads(result.read_text())
    for path in (root / "runs").rglob("record.json"):
        os.unlink(path)
    suite(root, "blendmask-r50", TPR_FAKE_FAIL="train-blendmask-r50-seed0")
    assert json.loads(result.read_text()) == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["1aa"], "error: unknown target '1aa'; did you mean '1a'?"),
        (["--profile", "mimi"], "error: unknown profile 'mimi'; did you mean 'mini'?"),
        (["--seeds", "0,x"], "'0,x' is not a list of seeds such as 0,1,2"),
        (["--profile", "full"], "error: profile full needs YouTube-VIS: give the folder by"),
    ],
)
def test_mistakes_on_the_command_line_are_one_clear_line(root, arguments, expected):
    status, output = suite(root, *arguments)
    assert status == 2 and expected in output and "Traceback" not in output


def test_variables_left_over_from_another_job_do_not_matter(root):
    """Else the first stage would wait for seven other processes."""
    left = {"RANK": "3", "WORLD_SIZE": "8", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    status, output = suite(root, "blendmask-r50", **left)
    assert status == 0, output


def test_list_names_tables_runs_and_profiles(root):
    _, output = suite(root, "list")
    for name in ("1a", "blendmask-r101+tpr", "smoke", "mini", "full", "published AP 39.1"):
        assert name in output


def test_the_command_line_loads_nothing_heavy():
    import subprocess
    import sys

    heavy = "{'torch', 'detectron2', 'numpy', 'pandas', 'matplotlib', 'cv2'}"
    code = "import sys, experiments.cli, experiments.pipeline.stage_bodies; "
    code += f"print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
