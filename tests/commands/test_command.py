"""What every command does at its edge: streams that fail, errors in a line, Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.helpers.suite_helpers import (
    REPOSITORY,
    heed_interrupts,
    make_root,
    noted,
    processes_of,
    start,
)
from tpr.command import command

LIST = [sys.executable, "-m", "experiments", "list"]


def run(arguments, redirected="", **variables):
    """Exit status, output and errors of a command of which a shell redirects some streams."""
    done = subprocess.run(
        ["bash", "-c", f'"$@" {redirected}', "bash", *arguments],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | variables,
        cwd=REPOSITORY,
        capture_output=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.mark.parametrize("error", [ValueError("bad\ninput"), FileNotFoundError(2, "gone", "a\nb")])
def test_what_is_wrong_with_an_input_is_a_line(capsys, error):
    @command(failed=3)
    def main():
        raise error

    assert main() == 3
    printed = capsys.readouterr().err
    assert printed.startswith("error: ") and printed.count("\n") == 1


def test_an_error_of_a_library_says_where_it_came_from(capsys):
    @command
    def main():
        signal.Signals(12345)

    assert main() == 1
    assert "12345 is not a valid Signals (ValueError in " in capsys.readouterr().err


def test_every_entry_point_has_the_same_edge():
    """Workers are no commands: their errors go to a log, with where they came from. What verifies
    the page shares no code with anything else."""
    workers = {"experiments/engine/worker.py", "experiments/engine/launch/ranks.py"}
    workers.add("reports/verify/__main__.py")
    found = []
    for folder in ("tpr", "experiments", "reports"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            name, text = str(path.relative_to(REPOSITORY)), path.read_text()
            main = re.search(r"^(@command.*\n)?def main\(", text, re.MULTILINE)
            if main and not main[1] and name not in workers:
                found.append(name)
    assert not found, f"decorate main with tpr.command.command: {found}"


@pytest.mark.parametrize("error", [TypeError, KeyError, AssertionError, ZeroDivisionError])
def test_a_mistake_of_ours_keeps_its_traceback(error):
    @command
    def main():
        raise error

    with pytest.raises(error):
        main()


def test_a_reader_that_has_enough_is_no_error():
    status, output, errors = run(LIST, "| head -n 1; exit ${PIPESTATUS[0]}")
    assert (output, errors) == (b"Tables:\n", "") and status in (0, 141)


@pytest.mark.parametrize("buffered", ["", "1"])
@pytest.mark.parametrize("command", [LIST, [*LIST, "--help"]])
def test_a_full_disk_below_the_output_is_a_line(command, buffered):
    status, _, errors = run(command, "> /dev/full", PYTHONUNBUFFERED=buffered)
    assert status == 2
    assert errors == "error: standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_lead_nowhere(closed, tmp_path):
    gone = tmp_path / "none.json"
    assert run(LIST, closed)[0] == 0
    status, output, errors = run([sys.executable, "-m", "tpr.evaluate", gone, gone], closed)
    assert status == 1 and output == b""
    assert "2>&-" in closed or errors == f"error: {gone}: no such file\n"


@pytest.mark.parametrize("encoding", ["", "latin-1"])
def test_any_locale_will_do(encoding, tmp_path):
    """Even without Python's own ways to UTF-8."""
    variables = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    variables["PYTHONIOENCODING"] = encoding
    status, output, errors = run(LIST, **variables)
    assert status == 0 and errors == "" and b"Tables:" in output
    gone = tmp_path / "café 人.json"
    status, _, errors = run([sys.executable, "-m", "tpr.evaluate", gone, gone], **variables)
    assert status == 1 and errors.startswith("error: ") and errors.endswith("no such file\n")


def test_the_suite_runs_without_asserts_and_docstrings():
    status, output, errors = run(LIST, PYTHONOPTIMIZE="2")
    assert status == 0 and errors == "" and b"Profiles:" in output


def test_thirty_interruptions_in_a_row_end_in_one_line(tmp_path):
    root = make_root(tmp_path)
    process = start(root, "1a", TPR_FAKE_TICK="1.0")
    deadline = time.monotonic() + 20
    while not noted(root):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for _ in range(30):
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 130 and output.count("Stopped; nothing is lost.") == 1
    assert "Traceback" not in output and not processes_of(root)


def test_an_interruption_while_the_suite_is_loaded_is_quiet():
    process = subprocess.Popen(
        LIST, cwd=REPOSITORY, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=heed_interrupts,
    )  # fmt: skip
    deadline = time.monotonic() + 2
    while process.poll() is None and time.monotonic() < deadline:
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.002)
    assert "Traceback" not in process.communicate()[1].replace("signal.py", "")
