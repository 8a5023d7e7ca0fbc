"""`./run_all.sh check-gpu`: lines, record, exit status, and checks on a pretended GPU."""

import gc
import json
import weakref
from unittest import mock

import pytest
import torch

from experiments.gpu_check import __main__ as command
from experiments.gpu_check import checks
from experiments.gpu_check.bench import Bench
from experiments.gpu_check.check import Check, Found
from experiments.gpu_check.checks import frames
from experiments.gpu_check.checks.training import steps_left_out
from experiments.gpu_check.pretended import Counts
from tests.helpers.full_networks import small_full


def found(text, fits):
    return lambda bench: Found(text, fits, {"number": 3})


def broken(bench):
    raise RuntimeError("a kernel is missing\nand more")


FAKES = (
    Check("one", "1", found("1", True)),
    Check("two", "2", broken),
    Check("three", "3", found("4", False)),
    Check("four", "fast", found("fast", True), "only a real GPU is fast"),
)


@pytest.fixture
def fakes(monkeypatch):
    monkeypatch.setattr(checks, "CHECKS", FAKES)


def test_each_check_is_a_line_and_one_that_breaks_does_not_keep_the_others(fakes, capsys):
    assert command.main(["--pretend"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in out[:3]] == ["ok", "FAILED", "FAILED"]
    assert "expected: 2; found: RuntimeError: a kernel is missing" in out[1]
    assert out[3].startswith("not run") and "only a real GPU is fast" in out[3]
    assert out[4].startswith("1 ok, 2 FAILED, 1 not run; ")


def test_the_record_has_what_was_found_and_where(fakes, tmp_path):
    path = tmp_path / "record.json"
    assert command.main(["--pretend", "--only", "1,3", "--out", str(path)]) == 1
    record = json.loads(path.read_text())
    rows = [(row["number"], row["outcome"], row["numbers"]) for row in record["checks"]]
    assert rows == [(1, "ok", {"number": 3}), (3, "FAILED", {"number": 3})]
    assert record["pretended"] and record["packages"]["torch"] == torch.__version__.split("+")[0]
    assert {"commit", "dirty"} <= record["git"].keys() and "cpu" in record["hardware"]


def test_all_as_expected_is_status_0(fakes):
    assert command.main(["--pretend", "--only", "1"]) == 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so_in_a_line(capsys):
    assert command.main([]) == 2
    assert capsys.readouterr().err == f"error: {command.NO_GPU}\n"


def test_there_are_the_sixteen_checks_and_no_seventeenth(capsys):
    assert len(checks.CHECKS) == 16
    with pytest.raises(SystemExit):
        command.main(["--only", "17"])
    assert "no check '17'; there are 1 to 16" in capsys.readouterr().err


def test_real_checks_on_a_pretended_gpu(monkeypatch, capsys):
    """Those that are quick with small networks; test_runs_on_a_gpu.py does what 5 to 7 do."""
    monkeypatch.setattr(command, "Graph", lambda runs, profile: small_full())
    monkeypatch.setenv("WORLD_SIZE", "8")  # left over from a job of several processes
    assert command.main(["--pretend", "--only", "1,2,3,4,8,9,13,14"]) == 0
    assert "7 syncs" in capsys.readouterr().out


def test_a_training_gives_back_its_memory_with_its_last_use(tmp_path):
    bench = Bench(torch.device("cpu"), small_full(), tmp_path, Counts())
    training = bench.training("blendmask-r50")
    training.once(training.batch())
    seen = weakref.ref(training.model)
    gc.disable()
    try:
        del training
        assert seen() is None
    finally:
        gc.enable()


def test_steps_that_fp16_leaves_out_are_counted():
    training = mock.Mock()
    training.step.scaler.get_scale.side_effect = [8, 4, 4, 2, 2, 2, 2, 2]
    assert steps_left_out(training) == 2


def test_a_profiler_that_sees_no_gpu_is_no_success(monkeypatch):
    monkeypatch.setattr(frames, "clip", lambda *_: None)
    seen = {"launches": 0, "syncs": 0}
    monkeypatch.setattr(frames, "profile_counts", lambda _: seen)
    nothing = frames.profiled(mock.Mock(counts=None))
    assert not nothing.fits and "saw nothing" in nothing.text
    seen["launches"] = 2000
    assert frames.profiled(mock.Mock(counts=None)).fits
