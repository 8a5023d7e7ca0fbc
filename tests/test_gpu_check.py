"""`./run_all.sh check-gpu`: lines, record, exit status, and checks on a pretended GPU."""

import json

import pytest
import torch

from experiments.gpu_check import __main__ as command
from experiments.gpu_check import checks
from experiments.gpu_check.check import Check, Found


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


def test_real_checks_on_a_pretended_gpu(capsys):
    """A deformable convolution with gradients, loaders, and the waits of a frame."""
    assert command.main(["--pretend", "--only", "2,13,14"]) == 0
    assert "7 syncs" in capsys.readouterr().out
