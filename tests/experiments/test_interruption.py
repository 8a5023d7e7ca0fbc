"""Killed at any moment, the suite goes on where it was: same values, nothing twice, no orphans."""

import os
import random
import signal
import time

import pytest

from tests.helpers.suite_helpers import calls, make_root, noted, processes_of, start, suite, values


def wait_until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def assert_no_orphans(root):
    wait_until(lambda: not processes_of(root), 5.0)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    root = make_root(tmp_path_factory.mktemp("undisturbed"))
    assert suite(root, "1a")[0] == 0
    return values(root)


@pytest.fixture
def root(tmp_path):
    return make_root(tmp_path)


# machines with GPUs start their workers, others fork them; the stages here use no GPU
started_either_way = pytest.mark.parametrize("gpus", ["", "0"], ids=["forked", "started"])


@started_either_way
def test_kill_9_of_the_runner_at_random_moments(root, undisturbed, gpus):
    moments = random.Random(0)
    for _ in range(5):
        process = start(root, "1a", TPR_FAKE_TICK="0.05", CUDA_VISIBLE_DEVICES=gpus)
        try:
            process.wait(timeout=moments.uniform(0.1, 2.0))
        except Exception:
            process.kill()
        process.communicate()
        assert_no_orphans(root)
    status, output = suite(root, "1a")
    assert status == 0, output
    assert values(root) == undisturbed
    ends = calls(root, "end")
    assert len(ends) <= len(set(ends)) + 5  # killed between its last line and its record
    assert not list((root / "runs").rglob("*.tmp"))


def test_an_interrupted_stage_says_where_it_stopped_and_goes_on(root):
    process = start(root, "blendmask-r50", TPR_FAKE_TICK="1.0")
    wait_until(lambda: list((root / "runs").glob("smoke/videos-*/progress.json")))
    process.kill()
    process.communicate()
    _, plan = suite(root, "blendmask-r50", "--dry-run")
    assert "videos: unfinished, stopped at 1 of 5" in plan


@started_either_way
def test_kill_9_of_a_worker_is_a_failure_that_a_rerun_heals(root, undisturbed, gpus):
    process = start(root, "1a", TPR_FAKE_TICK="0.2", CUDA_VISIBLE_DEVICES=gpus)
    wait_until(lambda: calls(root, "begin"))
    os.kill(int(noted(root)[0].split()[2]), signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1 and "killed by signal 9" in output
    assert suite(root, "1a")[0] == 0
    assert values(root) == undisturbed


@started_either_way
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signals_stop_the_workers_and_say_how_to_go_on(root, number, status, gpus):
    process = start(root, "1a", TPR_FAKE_TICK="1.0", CUDA_VISIBLE_DEVICES=gpus)
    wait_until(lambda: calls(root, "begin"))
    process.send_signal(number)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == status
    assert "The same command goes on from here" in output and "Traceback" not in output
    assert_no_orphans(root)


def test_a_second_suite_takes_over_from_a_killed_one(root, undisturbed):
    first = start(root, "1a", TPR_FAKE_TICK="0.3")
    wait_until(lambda: calls(root, "begin"))
    second = start(root, "1a")
    time.sleep(0.5)
    first.kill()
    first.communicate()
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 0, output
    assert values(root) == undisturbed
