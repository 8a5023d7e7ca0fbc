"""The commands of docs/full-scale.md are understood: to run they need data or a cluster."""

import re
import shlex
from pathlib import Path

from experiments import options
from experiments.layout import ROOT
from experiments.manifest import load_manifests
from tpr.data import prepare
from tpr.weights import command

PAGE = (ROOT / "docs" / "full-scale.md").read_text()


def commands(start: str) -> list[list[str]]:
    """Arguments of the page's lines that begin so."""
    lines = re.findall(rf"^{re.escape(start)} (.*)$", PAGE, re.MULTILINE)
    return [shlex.split(line.replace(" ...", "")) for line in lines]


def test_every_command_is_understood():
    understood = [options.parse(found) for found in commands("./run_all.sh")]
    assert len(understood) == 5 and understood[0].dry_run
    assert understood[2].launcher == "slurm" and understood[2].time == 1440
    (prepared,) = commands("python -m tpr.data prepare")
    assert prepare.parse(prepared).dataset == "ytvis2019"
    (converted,) = commands("python -m tpr.checkpoint")
    assert command.parse(converted).out == Path("$DATA/coco-blendmask-r50-3x.pt")


def test_the_page_names_every_file_of_weights_that_the_profile_wants():
    profile = load_manifests(ROOT / "experiments" / "manifests").profile("full")
    assert all(f"`{name}`" in PAGE for name in profile["data"]["pretrained"].values())
