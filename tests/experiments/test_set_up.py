"""Set-up by run_all.sh, with a stub in place of Python that only notes what it is asked to do."""

import os
import shutil
import subprocess
import sys
import time

import pytest

from tests.helpers.suite_helpers import REPOSITORY

# makes an "environment" whose python notes pip's calls in pip.log; CAN_VENV=0 lacks ensurepip
STUB = """#!/bin/bash
case "$*" in
    "-m venv "*)
        mkdir -p "$3/bin"; touch "$3/pyvenv.cfg"
        printf '#!/bin/bash\\nexec "%s" --inside "$@"\\n' "$0" >"$3/bin/python"
        chmod +x "$3/bin/python"; echo venv >>"$LOG" ;;
    "--inside -m pip install "*)
        echo "${*:5}" >>"$LOG.arguments"
        echo pip >>"$LOG"; sleep "${PIP_SECONDS:-0}"; exit "${PIP_STATUS:-0}" ;;
    "--inside -m pip uninstall "*) echo uninstall >>"$LOG" ;;
    "--inside -c "*sysconfig*) echo "$HOME" ;;
    "--inside -c "*libraries*) echo "[$PYTHONDONTWRITEBYTECODE]" >"$LOG.compiled" ;;
    --inside*) ;;
    *ensurepip*) exit "$CANNOT_VENV" ;;
    --version) echo "Python 3.11 (stub)" ;;
    *) exec "$REAL" "$@" ;;
esac
"""


@pytest.fixture
def clone(tmp_path):
    """A folder with run_all.sh and the requirements, and the stub as tmp_path/stub."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in ("run_all.sh", "requirements.txt", "requirements-detectron2.txt"):
        shutil.copy(REPOSITORY / name, folder)
    (tmp_path / "stub").write_text(STUB)
    (tmp_path / "stub").chmod(0o755)
    return folder


def begin(clone, **variables):
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(clone),
        "TPR_PYTHON": str(clone.parent / "stub"),
        "REAL": sys.executable,
        "LOG": str(clone / "pip.log"),
        "CANNOT_VENV": "0",
    }
    return subprocess.Popen(
        ["bash", str(clone / "run_all.sh"), "setup"],
        env=environment | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def set_up(clone, **variables):
    process = begin(clone, **variables)
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def log(clone):
    path = clone / "pip.log"
    return path.read_text().split() if path.exists() else []


def test_it_installs_once(clone):
    status, output = set_up(clone)
    assert status == 0, output
    assert log(clone) == ["venv", "pip", "pip"]
    begin_time = time.monotonic()
    assert set_up(clone)[0] == 0
    assert time.monotonic() - begin_time < 2
    assert log(clone) == ["venv", "pip", "pip"]


def test_what_it_installs_is_compiled_once_whatever_the_users_python_keeps(clone):
    assert set_up(clone, PYTHONDONTWRITEBYTECODE="1")[0] == 0
    assert (clone / "pip.log.compiled").read_text() == "[]\n"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-detectron2.txt"])
def test_changed_requirements_install_again(clone, name):
    set_up(clone)
    with (clone / name).open("a") as file:
        file.write("# changed\n")
    set_up(clone)
    assert log(clone) == ["venv", "pip", "pip", "pip", "pip"]


def test_another_detectron2_installs_again(clone):
    set_up(clone)
    set_up(clone, DETECTRON2_SPEC="git+https://example.org/detectron2")
    assert log(clone) == ["venv", "pip", "pip", "pip", "pip", "pip"]


INDEX = "https://download.pytorch.org/whl/cu126"


def test_torch_for_another_cuda_replaces_that_which_is_there_and_goes_back(clone):
    """pip takes torch 2.x+cu130 for torch 2.x+cu126, so the one must go before the other comes."""
    set_up(clone)
    assert set_up(clone, TPR_TORCH_INDEX=INDEX)[0] == 0
    assert log(clone) == ["venv", "pip", "pip", "uninstall", "pip", "pip", "pip"]
    asked = (clone / "pip.log.arguments").read_text().splitlines()[2]
    assert f"--index-url {INDEX} -r " in asked
    pins = (clone / ".venv" / ".torch.txt").read_text().splitlines()
    assert [pin.split("==")[0] for pin in pins] == ["torch", "torchvision"]
    set_up(clone)  # the choice stays
    assert log(clone)[7:] == []
    set_up(clone, TPR_TORCH_INDEX="")
    assert log(clone)[7:] == ["uninstall", "pip", "pip"]
    set_up(clone)
    assert log(clone)[10:] == []


def test_an_index_without_the_pinned_torch_is_named_and_the_default_is_installed_again(clone):
    set_up(clone)
    status, output = set_up(clone, TPR_TORCH_INDEX=INDEX, PIP_STATUS="1")
    assert status == 1 and f"TPR_TORCH_INDEX={INDEX} does not have what requirements" in output
    assert set_up(clone)[0] == 0
    assert log(clone)[3:] == ["uninstall", "pip", "venv", "pip", "pip"]


def test_killed_while_pip_writes_it_starts_over(clone):
    process = begin(clone, PIP_SECONDS="1")
    while "pip" not in log(clone):
        time.sleep(0.01)
    process.kill()
    process.communicate()
    status, output = set_up(clone)
    assert status == 0 and "An earlier set-up was interrupted: starting over" in output
    assert log(clone) == ["venv", "pip", "venv", "pip", "pip"]


def test_an_environment_made_by_hand_is_never_deleted(clone):
    subprocess.run(
        [str(clone.parent / "stub"), "-m", "venv", str(clone / ".venv")],
        env={"LOG": str(clone / "made.log"), "PATH": os.environ["PATH"]},
        check=True,
    )
    (clone / ".venv" / "mine").touch()
    assert set_up(clone, PIP_STATUS="1")[0] == 1
    assert set_up(clone)[0] == 0
    assert (clone / ".venv" / "mine").exists()


def test_two_at_once_install_once(clone):
    both = [begin(clone, PIP_SECONDS="0.3") for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert log(clone) == ["venv", "pip", "pip"]


def test_a_file_system_without_locks_is_named_and_nothing_is_installed(clone, tmp_path):
    code = "import fcntl\n\ndef refuse(*arguments):\n    raise OSError(37, 'No locks')\n\n"
    (tmp_path / "sitecustomize.py").write_text(f"{code}fcntl.flock = refuse\n")
    status, output = set_up(clone, PYTHONPATH=str(tmp_path))
    assert status == 1 and "Traceback" not in output and log(clone) == []
    assert "cannot lock beside the environment (No locks): set TPR_VENV to a folder on" in output


def test_a_failed_installation_says_so_and_is_tried_again(clone):
    status, output = set_up(clone, PIP_STATUS="1")
    assert status == 1 and "set-up failed (see above); the same command tries again" in output
    assert "If nothing could be downloaded: it needs the network: pip's index" in output
    assert "PIP_FIND_LINKS with PIP_NO_INDEX=1; behind a proxy set HTTPS_PROXY" in output
    assert set_up(clone)[0] == 0


def test_a_missing_python_is_named(clone, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "readlink", "cat", "mkdir"):
        (tools / name).symlink_to(shutil.which(name))
    status, output = set_up(clone, PATH=str(tools), TPR_PYTHON="/nowhere/python")
    assert status == 1 and "Python 3.11 or newer is needed and was not found" in output


def test_a_python_without_venv_is_named(clone, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "readlink", "cat", "mkdir"):
        (tools / name).symlink_to(shutil.which(name))
    status, output = set_up(clone, PATH=str(tools), CANNOT_VENV="1")
    assert status == 1 and "cannot make virtual environments" in output
    assert "apt-get install python3-venv" in output
