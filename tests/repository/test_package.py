"""The package as others install it: its files name one version and one licence."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

import tpr

ROOT = Path(__file__).parents[2]


def test_version_and_licence_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == tpr.__version__
    assert citation["license"] == project["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")
    assert f"\n## {tpr.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_an_installed_copy_is_typed_and_evaluates_without_torch(tmp_path):
    """Built and installed into an empty folder; numpy and pycocotools are this environment's."""
    target, source = tmp_path / "site", tmp_path / "source"  # a build leaves files in its source
    shutil.copytree(ROOT / "tpr", source / "tpr")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    done = subprocess.run(
        [*install, "--no-build-isolation", "--target", str(target), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (target / "tpr" / "py.typed").is_file()
    code = (
        "import sys\n"
        "for name in ('torch', 'detectron2', 'cv2', 'PIL', 'scipy', 'yaml'):\n"
        "    sys.modules[name] = None\n"
        f"sys.path.insert(0, {str(target)!r})\n"
        "import importlib.metadata, tpr, tpr.evaluate\n"
        f"assert tpr.__file__.startswith({str(target)!r})\n"
        "assert importlib.metadata.version('tpr') == tpr.__version__\n"
        "tpr.evaluate.parse(['gt.json', 'results.json'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_routing_imports_nothing_slow_beyond_torch():
    """Only torch, torchvision and this package's own few files."""
    code = (
        "import torch, torchvision, sys; before = set(sys.modules); import tpr.routing\n"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["tpr"]
