"""Submission to Slurm: the graph as dependent jobs, each stage once, whatever dies in between.

Slurm's commands are stand-ins here (tests/helpers/fake_slurm.py); tests/slurm/run.sh does it with
the real ones.
"""

import json

import pytest

from tests.helpers.fake_slurm import FakeSlurm
from tests.helpers.suite_helpers import calls, edit, make_root, suite, values

RUN = "blendmask-r50"
LABELS = ("videos", "images", f"pretrain-{RUN}", f"train-{RUN}-seed0", f"evaluate-{RUN}-seed0")


@pytest.fixture
def root(tmp_path):
    return make_root(tmp_path)


@pytest.fixture
def slurm(tmp_path):
    return FakeSlurm(tmp_path / "slurm-commands")


def submit(root, slurm, *options):
    arguments = (RUN, "--launcher", "slurm", "--gpus-per-node", "0", *options)
    return suite(root, *arguments, PATH=slurm.path)


def folder_of(root, label):
    return next((root / "runs" / "smoke").glob(f"{label}-" + "?" * 12))


def states(root, slurm):
    """Status by stage folder's kind, and the exit status."""
    status, output = suite(root, "status", RUN, PATH=slurm.path)
    *lines, _ = output.splitlines()
    found = {
        kind: line.split()[0]
        for kind in ("videos", "images", "pretrain", "train", "evaluate")
        for line in lines
        if kind in line.split(":")[0].split()
    }
    return found, status, output


def test_every_stage_becomes_a_job_that_waits_for_its_inputs(root, slurm):
    status, output = submit(root, slurm)
    assert status == 0 and "5 jobs submitted, 0 were in the queue already" in output, output
    after = {job[3].split("/")[1][:-13]: job[5] for job in slurm.jobs()}
    assert after == dict(
        zip(LABELS, ("", "", "afterok:2", "afterok:1:3", "afterok:1:4"), strict=True)
    )
    assert not values(root)
    assert states(root, slurm)[0] == dict.fromkeys(
        ("videos", "images", "pretrain", "train", "evaluate"), "queued"
    )


def test_the_jobs_run_the_stages_and_a_rerun_reports(root, slurm):
    submit(root, slurm)
    slurm.run()
    assert len(values(root)) == 5 and calls(root, "end") == calls(root, "begin")
    status, output = submit(root, slurm)
    assert status == 0 and "Nothing to do: the result is there" in output
    assert (root / f"results/smoke/records/{RUN}-seed0.json").is_file()
    assert len(slurm.jobs()) == 5 and set(states(root, slurm)[0].values()) == {"done"}


def test_a_rerun_never_submits_a_stage_twice(root, slurm):
    submit(root, slurm)
    _, output = submit(root, slurm, "--force")
    assert "0 jobs submitted, 5 were in the queue already" in output
    assert len(slurm.jobs()) == 5


def test_what_a_killed_submitting_process_left_out_is_completed(root, slurm):
    """Killed after sbatch had taken the third job and before anything was written down."""
    submit(root, slurm)
    slurm.file.write_text("".join(slurm.file.read_text().splitlines(keepends=True)[:3]))
    folder = folder_of(root, f"pretrain-{RUN}")
    (folder / "submitted.json").unlink()
    order = folder / "slurm" / "3_0_submitted.pkl"
    order = order if order.is_file() else folder / "slurm" / "3_submitted.pkl"
    order.unlink()
    _, output = submit(root, slurm)
    assert "2 jobs submitted, 3 were in the queue already" in output
    assert json.loads((folder / "submitted.json").read_text())["job"] == "3" and order.is_file()
    slurm.run("1", "2", "3")
    assert len(values(root)) == 3


def test_after_a_failed_job_a_rerun_submits_it_and_what_waited_for_it(root, slurm):
    submit(root, slurm)
    slurm.run("1", "2", "3")
    slurm.set("4", "ENDED")
    slurm.set("5", "PENDING", "DependencyNeverSatisfied")
    found, status, output = states(root, slurm)
    assert status == 1 and (found["train"], found["evaluate"]) == ("failed", "failed")
    assert "3 done, 2 failed" in output
    _, output = submit(root, slurm)
    assert "2 jobs submitted, 0 were in the queue already" in output
    assert [job[5] for job in slurm.jobs()[5:]] == ["", "afterok:6"]


def test_jobs_of_another_copy_of_the_repository_are_not_taken_for_ours(root, slurm):
    submit(root, slurm)
    slurm.file.write_text(slurm.file.read_text().replace(f"|{root}|", "|/elsewhere|"))
    _, output = submit(root, slurm)
    assert "5 jobs submitted, 0 were in the queue already" in output


def test_a_running_job_shows_how_far_it_is(root, slurm):
    submit(root, slurm)
    slurm.set("1", "RUNNING")
    progress = {"done": 2, "total": 5, "eta": 30.0, "elapsed": 20.0, "numbers": {"loss": "0.5"}}
    (folder_of(root, "videos") / "progress.json").write_text(json.dumps(progress))
    _, _, output = states(root, slurm)
    assert "running videos: job 1; 40 % (loss 0.5), 30 s left\n" in output


def test_a_training_asks_for_all_nodes_and_an_evaluation_for_one(root, slurm):
    edit(root / "experiments/manifests/profiles/smoke.yaml", "batch_size: 2", "batch_size: 16")
    edit(root / "experiments/manifests/profiles/smoke.yaml", "batch_size: 2", "batch_size: 16")
    options = ("--gpus-per-node", "8", "--nodes", "2", "--time", "1-02:00:00")
    options += ("--partition", "a100", "--account", "vis", "--sbatch", "qos=high")
    submit(root, slurm, *options)
    names = ("nodes", "ntasks-per-node", "gpus-per-node")
    asked = {str(i): [slurm.options(str(i)).get(name) for name in names] for i in range(1, 6)}
    assert asked == {
        "1": ["1", "1", None],
        "2": ["1", "1", None],
        "3": ["1", "1", "1"],
        "4": ["2", "8", "8"],
        "5": ["1", "8", "8"],
    }
    training = slurm.options("4")
    assert training["time"] == "1560" and training["signal"] == "USR2@120"
    assert (training["partition"], training["account"], training["qos"]) == ("a100", "vis", "high")
    assert training["kill-on-invalid-dep"] == "yes"
    assert "requeue" in training
    command = slurm.command("4")
    assert "--kill-on-bad-exit=1" in command
    # Slurm's own WaitTime would kill the process that evaluates when the others have ended
    assert "--wait=0" in command


def test_a_process_with_a_gpu_has_eight_cores_and_others_those_of_their_threads(root, slurm):
    submit(root, slurm, "--gpus-per-node", "1", "--cpu-partition", "cpus", "--partition", "gpus")
    asked = [slurm.options(str(i)) for i in range(1, 6)]
    assert [x["cpus-per-task"] for x in asked] == ["1", "1", "8", "8", "8"]
    assert [x["partition"] for x in asked] == ["cpus", "cpus", "gpus", "gpus", "gpus"]
    assert "--cpus-per-task=8" in slurm.command("4")


def test_the_cores_of_a_gpu_can_be_chosen(root, slurm):
    submit(root, slurm, "--gpus-per-node", "1", "--cores-per-gpu", "12")
    assert slurm.options("4")["cpus-per-task"] == "12"
    assert slurm.options("1").get("partition") == slurm.options("4").get("partition") is None


def test_gpus_that_cannot_share_a_batch_are_refused_before_anything_is_submitted(root, slurm):
    status, output = submit(root, slurm, "--gpus-per-node", "3", "--nodes", "2")
    assert status == 2 and slurm.jobs() == []
    assert f"train {RUN} seed 0: 6 processes cannot share a batch of 2" in output
    assert "these numbers can: 1, 2 (" in output


def test_a_refused_submission_is_one_clear_line(root, slurm):
    (slurm.folder / "refuse").touch()
    status, output = submit(root, slurm)
    assert status == 2 and "Traceback" not in output
    assert output.splitlines()[-1].startswith("error: videos cannot be submitted: ")
    assert "invalid partition specified: nowhere" in output


def test_without_slurm_it_says_so(root):
    status, output = suite(root, RUN, "--launcher", "slurm", PATH="/usr/bin-without-slurm")
    assert status == 2 and "no machine of a Slurm cluster" in output
