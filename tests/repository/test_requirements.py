"""Every list of packages (requirements, lock, extras, hooks) names the same ones."""

import importlib.metadata
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
# of a developer's machine: git's hooks, and what makes the lock; no test runs them
TOOLS = {"pre-commit", "uv"}


def requirements(text: str) -> Iterator[Requirement]:
    """Those of a requirements file, its hashes apart."""
    for line in text.splitlines():
        if line and not line.startswith(("#", " ")):
            yield Requirement(line.removesuffix(" \\"))


def pins(name: str) -> dict[str, set[str]]:
    """Package to its versions: in a lock one may have several, each for some Pythons."""
    found: dict[str, set[str]] = {}
    for requirement in requirements((ROOT / name).read_text()):
        (pin,) = requirement.specifier
        assert pin.operator == "==", requirement
        found.setdefault(canonicalize_name(requirement.name), set()).add(pin.version)
    return found


def extras() -> dict[str, list[Requirement]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lists = project["optional-dependencies"] | {"": project["dependencies"]}
    return {name: [Requirement(line) for line in lines] for name, lines in lists.items()}


def test_the_extras_name_what_run_all_installs():
    wanted = pins("requirements.txt")
    named = [one for lines in extras().values() for one in lines if one.name != "tpr"]
    assert {canonicalize_name(one.name) for one in named} == set(wanted) | TOOLS
    for one in named:
        assert all(map(one.specifier.contains, wanted.get(canonicalize_name(one.name), ())))


def test_each_extra_has_the_one_before():
    chain = {name: lines[0] for name, lines in extras().items() if lines[0].name == "tpr"}
    assert {name: one.extras for name, one in chain.items()} == {
        "demo": {"routing"},
        "export": {"demo"},
        "suite": {"export"},
        "dev": {"suite"},
    }


def test_the_lock_has_the_versions_of_the_requirements():
    locked = pins("requirements.lock")
    assert {name: locked.get(name) for name in pins("requirements.txt")} == pins("requirements.txt")


def test_the_lock_has_a_hash_of_every_package():
    entries = re.split(r"^(?=[a-z])", (ROOT / "requirements.lock").read_text(), flags=re.M)[1:]
    assert len(entries) > len(pins("requirements.txt"))
    for entry in entries:
        first, *others = entry.splitlines()
        hashes = [line for line in others if not line.startswith("#")]
        assert hashes, first
        for line in hashes:
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), (first, line)


def test_the_lock_has_what_the_installed_packages_need():
    locked, seen, todo = pins("requirements.lock"), set(), [*pins("requirements.txt")]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        needed = map(Requirement, importlib.metadata.requires(name) or ())
        if name == "torch":  # for CUDA it needs what is of the index that it came from
            needed = (one for one in needed if not one.name.startswith(("nvidia-", "cuda-")))
        todo += [
            canonicalize_name(one.name)
            for one in needed
            if not one.marker or one.marker.evaluate({"extra": ""})
        ]
    assert seen <= set(locked)


def test_git_hooks_have_the_versions_of_the_tests():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    used = {line for hook in hooks for line in hook["additional_dependencies"]}
    (ruff,) = pins("requirements.txt")["ruff"]
    assert used == {f"ruff=={ruff}"}


def test_the_workflow_runs_ci_and_nothing_more():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    (job,) = workflow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == ["bash .ci/run"]
