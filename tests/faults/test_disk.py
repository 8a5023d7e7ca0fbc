"""A disk that is full or read-only: one clear line, nothing finished is lost, a rerun goes on."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from experiments.engine.disk import is_full
from tests.helpers.suite_helpers import calls, make_root, suite, values
from tpr.weights import checkpoint

LINE = "free some, then the same command goes on; what is finished is kept"


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[None]:
    """A file system of its own in `folder`; skips the test where nothing may be mounted."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a tmpfs (root, and a container that allows it)")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def assert_one_line(output: str, line: str) -> None:
    assert line in output and "Traceback" not in output


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    root = make_root(tmp_path_factory.mktemp("undisturbed"))
    assert suite(root, "blendmask-r50")[0] == 0
    return values(root)


def test_a_full_disk_stops_the_suite_and_a_rerun_goes_on(tmp_path, undisturbed):
    root = make_root(tmp_path)
    with mounted(root / "runs", "2m"):
        status, output = suite(root, "blendmask-r50", TPR_FAKE_BYTES="500000")
        assert status != 0
        assert_one_line(output, LINE)
        finished = values(root)
        assert 1 <= len(finished) < len(undisturbed)
        remount(root / "runs", "size=20m")
        status, output = suite(root, "blendmask-r50", TPR_FAKE_BYTES="500000")
        assert status == 0, output
        assert values(root) == undisturbed and finished.items() <= undisturbed.items()
        ends = calls(root, "end")
        assert [ends.count(name) for name in finished] == [1] * len(finished), "ran again"
        assert not list((root / "runs").rglob("*.tmp"))


def test_a_disk_without_any_room_is_an_error_in_a_line(tmp_path):
    root = make_root(tmp_path)
    with mounted(root / "runs", "2m"):
        with pytest.raises(OSError), (root / "runs" / "filler").open("wb") as file:
            while True:
                file.write(b" " * 4096)
                file.flush()
        status, output = suite(root, "blendmask-r50")
        assert status == 2
        assert_one_line(output, "error: no space left on the disk")
        (root / "runs" / "filler").unlink()
        assert suite(root, "blendmask-r50")[0] == 0


@pytest.mark.parametrize("name", ["runs", "results"])
def test_a_read_only_folder_is_named_and_results_stay(tmp_path, name):
    root = make_root(tmp_path)
    with mounted(root / name, "20m"):
        assert suite(root, "blendmask-r50")[0] == 0
        before = values(root)
        remount(root / name, "ro")
        status, output = suite(root, "blendmask-r50", "blendmask-r101")
        assert status == 2
        assert_one_line(output, f"error: no access for {root / name}")
        assert "make it writable, then the same command goes on" in output
        remount(root / name, "rw")
        assert suite(root, "blendmask-r50", "blendmask-r101")[0] == 0
        assert before.items() <= values(root).items() and len(values(root)) == 8


def test_a_worker_without_space_is_a_failure_in_a_line(tmp_path):
    """Without a real full disk, so that it runs everywhere."""
    root = make_root(tmp_path)
    status, output = suite(root, "blendmask-r50", TPR_FAKE_FULL="train-blendmask-r50-seed0")
    assert status == 1
    assert_one_line(output, "FAILED    train blendmask-r50 seed 0: no space left on the disk of")
    assert LINE in output
    log = next((root / "runs").glob("smoke/train-*/log.txt")).read_text()
    assert log.splitlines()[-1].startswith("error: no space left on the disk for")
    assert suite(root, "blendmask-r50")[0] == 0
    ends = calls(root, "end")
    assert len(ends) == len(set(ends)) == 5


def test_a_checkpoint_that_does_not_fit_says_so_and_the_last_one_stays(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.pt"
    checkpoint.save({"iteration": 1}, path)
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda self, mode: open("/dev/full", mode))  # noqa: SIM115
        with pytest.raises(
            (OSError, RuntimeError)
        ) as raised:  # torch hides the first in the second
            checkpoint.save({"weight": torch.zeros(100_000)}, path)
    assert is_full(raised.value)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
