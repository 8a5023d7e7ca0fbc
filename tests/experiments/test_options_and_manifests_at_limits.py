"""Options and manifests at their limits: one line, at once, whatever was meant."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.cli import main
from experiments.declared.manifest_errors import FILE_NAME, ManifestError
from experiments.declared.manifests import load_manifests
from experiments.declared.plain_yaml import load_plain
from experiments.declared.typed_yaml import load_typed
from experiments.terminal.options import MOST_SEEDS, parse
from tests.helpers.suite_helpers import REPOSITORY, edit, make_root

RUNS = "experiments/manifests/runs.yaml"


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        ("99999999999999999999999", "a seed is at most 4294967295"),
        ("4294967296", "a seed is at most 4294967295"),
        ("9" * 10_000, "a seed is at most 4294967295"),
        (",".join(map(str, range(5001))), f"5001 seeds: at most {MOST_SEEDS} in one call"),
        ("-1", "is not a list of seeds"),
        ("²", "is not a list of seeds"),
        ("\x1b[2J", "is not a list of seeds"),
    ],
)
def test_seeds_are_bounded_in_one_line(seeds, message, capsys):
    with pytest.raises(SystemExit):
        parse([f"--seeds={seeds}"])
    error = capsys.readouterr().err.splitlines()[-1]
    assert message in error and len(error) < 200 and error.isprintable()


@pytest.mark.parametrize("option", ["--data", "--data-root"])
def test_data_that_an_unset_variable_names_are_not_others(option, capsys):
    with pytest.raises(SystemExit):
        parse([option, ""])
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.endswith(f"argument {option}: names nothing: is a variable not set?")


def test_as_many_seeds_as_are_allowed_are_planned(tmp_path, capsys):
    seeds = ",".join(map(str, range(MOST_SEEDS)))
    arguments = ["blendmask-r50", "1a", "--seeds", seeds, "--profile", "smoke", "--dry-run"]
    assert main(arguments, root=make_root(tmp_path)) == 0
    assert f"{6 * MOST_SEEDS} train" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "..", ".x", "a\\b", "x" * 101, "-x", "é"])
def test_a_name_that_cannot_be_a_files_is_refused(name):
    assert not FILE_NAME.fullmatch(name)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("blendmask-r50:", '"../../x":'),
        ("blendmask-r50:", "a/b:"),
        ("head: blendmask", 'head: "../blendmask"'),
    ],
)
def test_runs_have_names_that_files_can_have(tmp_path, old, new):
    root = make_root(tmp_path)
    edit(root / RUNS, old, new)
    with pytest.raises(ManifestError, match=r"runs.yaml:\d+: (run|head) '.*cannot name a file"):
        load_manifests(root / "experiments" / "manifests")


def test_a_row_without_one_of_its_columns_is_refused(tmp_path):
    root = make_root(tmp_path)
    edit(root / "experiments/manifests/tables/1a.yaml", 'DACR: "-", ', "")
    with pytest.raises(ManifestError, match=r"1a.yaml:\d+: row 'blendmask-r50' lacks DACR$"):
        load_manifests(root / "experiments" / "manifests")


@pytest.mark.parametrize("text", ["[" * 100_000, "a: " + "{a: " * 20_000, "- " * 50_000])
@pytest.mark.parametrize("read", [load_plain, lambda path: load_typed(path, dict[str, str])])
def test_a_mapping_nested_thousands_deep_is_one_line(tmp_path, text, read):
    path = tmp_path / "deep.yaml"
    path.write_text(text)
    with pytest.raises(ManifestError) as raised:
        read(path)
    assert str(path) in str(raised.value) and len(str(raised.value)) < 300


def test_a_manifest_that_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "runs.yaml")
    with pytest.raises(ManifestError, match="runs.yaml is not a file"):
        load_manifests(tmp_path)


@pytest.mark.skipif(not Path(sys.prefix, ".installed").is_file(), reason="run_all.sh made no venv")
def test_a_users_modules_do_not_hide_installed_ones(tmp_path):
    """Nor do variables for Python itself matter."""
    for name in ("yaml", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong one')")
    variables = {"PYTHONPATH": str(tmp_path), "PYTHONOPTIMIZE": "2", "TPR_VENV": sys.prefix}
    variables |= {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [REPOSITORY / "run_all.sh", "list"],
        env=os.environ | variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Tables:") and not done.stderr
