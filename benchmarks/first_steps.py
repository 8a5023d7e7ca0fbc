"""A new user's path, timed: clone, run, demo, a module of one's own, evaluate.

    python -m benchmarks.first_steps [--profile mini] [--out results/first-steps.json]

Every step is the command of the documentation, in a fresh clone of the last commit. The module is
trained on the profile that is given, everything else on `smoke`. Set-up is not part of it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAIR = ("blendmask-r50", "blendmask-r50+tpr")
OWN = "blendmask-r50+average"
MODEL = "mini/blendmask-r50+tpr"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_steps", description=__doc__)
    parser.add_argument("--profile", default="mini", help="that the own module is trained on")
    parser.add_argument("--model", default=MODEL, help="of the demo")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = walk(Path(folder) / "tpr", options.profile, options.model)
    record = {"profile": options.profile, "cores": os.cpu_count(), "seconds": seconds}
    print(json.dumps(record))
    if options.out:
        options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def walk(clone: Path, profile: str, model: str) -> dict[str, float]:
    """Seconds of each step; subprocess.CalledProcessError where one fails."""
    steps: dict[str, Callable[[], None]] = {
        "clone": lambda: call(["git", "clone", "--quiet", str(ROOT), str(clone)], ROOT),
        "run Table 1(a) on smoke": lambda: suite(clone, "smoke", "1a"),
        "demo on a clip": lambda: demo(clone, model),
        f"add a module, train and compare it on {profile}": lambda: own_module(clone, profile),
        "evaluate and compare results files": lambda: evaluate(clone),
    }
    seconds = {}
    for name, step in steps.items():
        begin = time.perf_counter()
        step()
        seconds[name] = round(time.perf_counter() - begin, 1)
    return seconds


def call(command: list[str], folder: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(folder)}
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def python(clone: Path, module: str, *arguments: str) -> None:
    call([sys.executable, "-m", module, *arguments], clone)


def suite(clone: Path, profile: str, *targets: str) -> None:
    python(clone, "experiments.cli", *targets, "--profile", profile)


def one(clone: Path, pattern: str) -> Path:
    (found,) = (clone / "runs").glob(pattern)
    return found


def demo(clone: Path, model: str) -> None:
    clip = min(one(clone, "smoke/videos-*").glob("frames/val/*"))
    python(clone, "tpr.demo", str(clip), "--model", model, "--gates", "--out", "own.mp4")


def own_module(clone: Path, profile: str) -> None:
    """Exactly what docs/add-a-module.md says: a file, a line, a row; then its command."""
    page = (clone / "docs" / "add-a-module.md").read_text(encoding="utf-8")
    (code, *_), (run, row, *_) = (
        re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL) for language in ("python", "yaml")
    )
    (clone / "average.py").write_text(code, encoding="utf-8")
    manifests = clone / "experiments" / "manifests"
    with (manifests / "runs.yaml").open("a", encoding="utf-8") as file:
        file.write(run)
    table = manifests / "tables" / "1d.yaml"
    table.write_text(
        table.read_text(encoding="utf-8").replace("claims:", f"{row}claims:", 1), encoding="utf-8"
    )
    suite(clone, profile, OWN, PAIR[1])
    page = (clone / "reports" / profile / "report.md").read_text(encoding="utf-8")
    if not any(line.startswith("|") and "average" in line for line in page.splitlines()):
        raise SystemExit("the report has no row for the module")


def evaluate(clone: Path) -> None:
    first, second = (str(one(clone, f"smoke/evaluate-{run}-seed0-*/results.json")) for run in PAIR)
    truth = str(one(clone, "smoke/videos-*/val.json"))
    python(clone, "tpr.evaluate", truth, first, "--compare", second, "--draws", "100")


if __name__ == "__main__":
    main()
