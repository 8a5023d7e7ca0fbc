"""Commands where a package is not installed end in a line that says which extra brings it."""

import subprocess
import sys
import tomllib

import pytest

from experiments.stages.layout import ROOT
from tpr.extras import EXTRAS, missing

IMPORTED = {
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
    "pyyaml": "yaml",
}
# as `python -m` has it
RUN = "import runpy, sys; sys.argv[0] = '-m'; runpy.run_module({module!r}, None, '__main__', True)"


def run(module: str, blocked: str, *arguments: str) -> subprocess.CompletedProcess:
    """A command where the packages in `blocked` cannot be imported."""
    block = f"import sys; sys.modules.update(dict.fromkeys({blocked.split()!r}))\n"
    code = block + RUN.format(module=module)
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


PLAIN = " ".join([*EXTRAS.values(), "detectron2"])  # of `pip install .` these are missing


@pytest.mark.parametrize(
    ("module", "arguments", "blocked", "extra"),
    [
        ("tpr.demo", "", PLAIN, "demo"),
        ("tpr.visualize", "a.json frames --out x.png", PLAIN, "demo"),
        ("tpr.data", "import coco a.json --frames x --out y.json", PLAIN, "demo"),
        ("tpr.data", "prepare ytvis2019 --root x", PLAIN, "demo"),
        ("tpr.data", "statistics a.json", PLAIN, "demo"),
        ("tpr.data.mini", "--out x", PLAIN, "demo"),
        ("tpr.data.mini", "sheet x --out y.png", "cv2", "demo"),
        ("tpr.checkpoint", "list", PLAIN, "demo"),
        ("tpr.cost.speed", "", PLAIN, "demo"),
        ("tpr.export", "a.json --out x", PLAIN, "demo"),
        ("experiments", "list", PLAIN, "suite"),
        ("experiments.gpu_check", "--pretend", PLAIN, "suite"),
        ("experiments.alignment", "blendmask-r50+tpr", PLAIN, "suite"),
        ("reports.build", "--profile mini", PLAIN, "suite"),
        ("reports.audit", "", PLAIN, "suite"),
        ("reports.verify", "", PLAIN, "suite"),
        ("benchmarks.sampling", "", PLAIN, "demo"),
        ("tpr.demo", "", "cv2", "demo"),
        ("tpr.data", "import labelme x --frames x --out y.json", "PIL", "demo"),
    ],
)
def test_the_extra_is_named_in_a_line(module, arguments, blocked, extra):
    done = run(module, blocked, *arguments.split())
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: ")
    assert f" is not installed: pip install '.[{extra}]' in a clone" in done.stderr


@pytest.mark.parametrize("arguments", [("-h",), ("--help",)])
def test_the_data_tools_say_what_they_are_without_any_package(arguments):
    done = run("tpr.data", PLAIN, *arguments)
    assert done.returncode == 0 and done.stderr == ""
    for name in ("import", "statistics", "prepare"):
        assert f"\n  {name} " in done.stdout
    done = run("tpr.data", PLAIN, "improt")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "unknown command 'improt'; usage: python -m tpr.data {import," in done.stderr


def test_detectron2_is_no_extra():
    error = ModuleNotFoundError("No module named 'detectron2'", name="detectron2.structures")
    assert "./run_all.sh setup" in str(missing(error))
    assert missing(ModuleNotFoundError("No module named 'mine'", name="mine")) is None


def test_each_package_stands_under_its_extra():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lists = project["optional-dependencies"]
    named = {
        extra: {IMPORTED.get(name.split(">")[0], name.split(">")[0]) for name in lists[extra]}
        for extra in (*EXTRAS, "routing")
    }
    named["demo"] |= named.pop("routing")
    for extra, packages in named.items():
        assert set(EXTRAS[extra].split()) == {x for x in packages if not x.startswith("tpr[")}
