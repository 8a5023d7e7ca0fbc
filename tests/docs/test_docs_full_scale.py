"""The commands of docs/full-scale.md are understood: to run they need data or a cluster."""

import re
import shlex
from pathlib import Path

from experiments.declared.manifests import load_manifests
from experiments.engine.gpu_support import DRIVERS, OLDER_CUDA
from experiments.engine.launch import job
from experiments.gpu_check import __main__ as gpu_check
from experiments.stages.layout import ROOT
from experiments.terminal import options
from tpr.data.preparing import prepare
from tpr.devices.host_limits import FEW_FILES
from tpr.parallel.batch_parts import possible_processes
from tpr.parallel.hang_watch import PATIENCE
from tpr.weights import checkpoint_command

PAGE = (ROOT / "docs" / "full-scale.md").read_text()


def commands(start: str) -> list[list[str]]:
    """Arguments of the page's lines that begin so."""
    lines = re.findall(rf"^{re.escape(start)} (.*)$", PAGE, re.MULTILINE)
    return [shlex.split(line.replace(" ...", "")) for line in lines]


def test_every_command_is_understood():
    first, *others = commands("./run_all.sh")
    assert first == ["check-gpu"] and not gpu_check.parse(first[1:]).pretend
    understood = [options.parse(found) for found in others]
    assert len(understood) == 5 and understood[0].dry_run
    assert understood[2].launcher == "slurm" and understood[2].time == 1440
    (prepared,) = commands("python -m tpr.data prepare")
    assert prepare.parse(prepared).dataset == "ytvis2019"
    asked = [checkpoint_command.parse(found) for found in commands("python -m tpr.checkpoint")]
    assert {one.command for one in asked} == {"convert", "verify"}
    assert Path("$DATA/coco-blendmask-r50-3x.pt") in {one.out for one in asked if "out" in one}


def test_the_page_names_what_the_code_asks_of_a_node():
    profile = load_manifests(ROOT / "experiments" / "manifests").profile("full")
    numbers = possible_processes(profile.train)
    assert f"by {', '.join(map(str, numbers[:-1]))} or {numbers[-1]} processes" in PAGE
    assert f"| {DRIVERS[13]} or newer: the pinned torch is built for CUDA 13.0 |" in PAGE
    assert f"driver {DRIVERS[12]} or newer" in PAGE and f"TPR_TORCH_INDEX={OLDER_CUDA} " in PAGE
    assert f"| {FEW_FILES} (`ulimit -Hn`) |" in PAGE
    (submission,) = (x for x in commands("./run_all.sh") if "--launcher" in x and "--nodes" in x)
    assert f"| {options.parse(submission).cores_per_gpu} a GPU:" in PAGE
    assert PATIENCE == 480 and "after eight minutes" in PAGE
    assert job.PATIENCE == 300 and "waits five minutes" in PAGE


def test_the_page_names_every_file_of_weights_that_the_profile_wants():
    profile = load_manifests(ROOT / "experiments" / "manifests").profile("full")
    assert all(f"$DATA/{name}" in PAGE for name in profile.data["pretrained"].values())
