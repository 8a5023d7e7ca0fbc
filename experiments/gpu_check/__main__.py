"""`./run_all.sh check-gpu`: sixteen checks of one GPU, each a line; a record in results/full."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from experiments.declared.manifests import load_manifests
from experiments.engine.environment import now, packages
from experiments.engine.gpu_support import check_support
from experiments.engine.launch.ranks import forget_ranks
from experiments.gpu_check.check import told
from experiments.pipeline.graph import Graph
from experiments.stages.json_files import write_json
from experiments.stages.layout import ROOT, Layout
from tpr.command import command
from tpr.devices.machine_record import git_state, hardware

PROFILE = "full"
OK, FAILED, NOT_RUN = "ok", "FAILED", "not run"
NO_GPU = "this machine has no GPU; --pretend checks what can be checked without one"


@command(failed=2)
def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """0 if all checks that ran are as expected, 1 if one is not, 2 where none can run."""
    options = parse(arguments)
    forget_ranks()
    import torch

    if not options.pretend:
        check_support()
        if not torch.cuda.is_available():
            raise OSError(NO_GPU)
    layout = Layout(PROFILE, root)
    manifests = load_manifests(layout.manifests)
    keep = options.out or not (options.pretend or options.only)
    path, rows = options.out or layout.gpu_check, []
    for row in run_checks(options, Graph(manifests.runs, manifests.profile(PROFILE))):
        rows.append(row)
        print(line(row), flush=True)
        if keep:  # after each, as a later one may take the process with it
            write_json(path, record(rows, options.pretend))
    outcomes = [row["outcome"] for row in rows]
    seconds = sum(row["seconds"] for row in rows)
    counts = [f"{outcomes.count(kind)} {kind}" for kind in (OK, FAILED, NOT_RUN)]
    print(f"{', '.join(counts)}; {seconds:.0f} s")
    if keep:
        print(f"Record: {layout.shown(path)}")
    return 1 if FAILED in outcomes else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run_all.sh check-gpu", description=__doc__)
    parser.add_argument(
        "--pretend", action="store_true", help="a pretended GPU, for what needs no real one"
    )
    parser.add_argument("--only", type=numbers, help="as 1,5,9; writes no record")
    parser.add_argument("--out", type=Path, help="where the record goes")
    return parser.parse_args(arguments)


def numbers(text: str) -> list[int]:
    from experiments.gpu_check.checks import CHECKS

    known = [str(number) for number in range(1, len(CHECKS) + 1)]
    if wrong := [part for part in text.split(",") if part.strip() not in known]:
        raise argparse.ArgumentTypeError(f"no check {wrong[0]!r}; there are 1 to {len(CHECKS)}")
    return [int(part) for part in text.split(",")]


def run_checks(options: argparse.Namespace, graph: Graph) -> Iterator[dict[str, Any]]:
    """What the chosen checks find, one after the other."""
    import torch

    from experiments.gpu_check.bench import Bench, free_memory
    from experiments.gpu_check.checks import CHECKS
    from experiments.gpu_check.pretended import pretended_gpu

    gpu = pretended_gpu() if options.pretend else nullcontext()
    with gpu as counts, tempfile.TemporaryDirectory(prefix="tpr-check-gpu-") as folder:
        bench = Bench(torch.device("cuda", 0), graph, Path(folder), counts)
        for number, check in enumerate(CHECKS, 1):
            if not options.only or number in options.only:
                yield checked(number, check, bench)
                free_memory()


def checked(number: int, check: Any, bench: Any) -> dict[str, Any]:
    """What a check found. An error in it is its finding: the checks after it are still of use."""
    row = {"number": number, "check": check.title, "expected": check.expected, "seconds": 0.0}
    if bench.pretended and check.only_real is not None:
        return row | {"outcome": NOT_RUN, "found": check.only_real, "numbers": {}}
    begin = time.monotonic()
    try:
        found = check.run(bench)
        outcome, text, values = OK if found.fits else FAILED, found.text, found.numbers
    except Exception as error:
        traceback.print_exc()
        outcome, text, values = FAILED, told(error), {}
    seconds = round(time.monotonic() - begin, 1)
    return row | {"outcome": outcome, "found": text, "numbers": values, "seconds": seconds}


def line(row: dict[str, Any]) -> str:
    head = f"{row['outcome']:<8}{row['number']:>2}  {row['check']}"
    return (
        f"{head:<52} expected: {row['expected']}; found: {row['found']}  ({row['seconds']:.0f} s)"
    )


def record(rows: list[dict[str, Any]], pretended: bool) -> dict[str, Any]:
    """What was found, on which machine, with which code."""
    return {
        "finished": now(),
        "pretended": pretended,
        "git": git_state(ROOT),
        "hardware": hardware(),
        "packages": packages(),
        "checks": rows,
    }


if __name__ == "__main__":
    sys.exit(main())
