"""Whether torch can use this machine's GPUs; without this check it would train on the CPU without a
warning.

`python -m experiments.engine.gpu_support` prints the reason if it cannot, and exits with 1.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from experiments.engine.environment import gpus
from experiments.stages.layout import ROOT
from tpr.command import command
from tpr.devices.machine_record import output

# NVIDIA's drivers by the CUDA that torch was built for: any of a major version runs all its minors
DRIVERS = {11: 450, 12: 525, 13: 580}
OLDER_CUDA = "https://download.pytorch.org/whl/cu126"
AGAIN = (
    f"set up again with another build, as TPR_TORCH_INDEX={OLDER_CUDA} ./run_all.sh setup "
    "(docs/full-scale.md); CUDA_VISIBLE_DEVICES= in front of the command trains on the CPU"
)
UNKNOWN = "unknown"
QUERIES = ("name,driver_version,compute_cap", "name,driver_version")  # old drivers know no more

Capability = tuple[int, int]


class Card(NamedTuple):
    """A GPU as its driver describes it.

    driver: its version, or UNKNOWN; capability: as (8, 0) for an A100, None where the driver is too
    old to report it.
    """

    name: str
    driver: str
    capability: Capability | None


class Build(NamedTuple):
    """An installed torch.

    cuda: its CUDA version, as "13.0", or None; architectures: as "sm_80".
    """

    version: str
    cuda: str | None
    architectures: Sequence[str]


class UnusableGPUError(OSError):
    """torch cannot use a GPU that it was given."""


def check_support() -> None:
    """Raises UnusableGPUError, in a line that names the fix, if this machine, or the Slurm job, has
    NVIDIA GPUs that torch cannot use. CUDA_VISIBLE_DEVICES= hides them on purpose."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        return
    cards = installed_cards()
    allotted = "SLURM_JOB_GPUS" in os.environ or "SLURM_STEP_GPUS" in os.environ
    if not allotted and (gpus() == 0 or not cards):
        return
    import torch

    if torch.version.hip:  # AMD's GPUs, of which torch.cuda speaks, too
        return
    usable = torch.cuda.is_available()
    if usable:  # those that are visible here, which may not be all
        driver = cards[0].driver if cards else UNKNOWN
        cards = [
            Card(torch.cuda.get_device_name(i), driver, torch.cuda.get_device_capability(i))
            for i in range(torch.cuda.device_count())
        ]
    build = Build(torch.__version__, torch.version.cuda, torch.cuda.get_arch_list())
    if why := problem(cards, build, usable=usable):
        raise UnusableGPUError(why)


def check_support_apart() -> None:
    """`check_support` in another process, for callers that have not loaded torch."""
    if gpus() == 0:
        return
    done = subprocess.run([sys.executable, "-m", __name__], capture_output=True, text=True)
    if done.returncode != 0:
        raise UnusableGPUError(done.stderr.strip().splitlines()[-1].removeprefix("error: "))


def problem(cards: Sequence[Card], build: Build, *, usable: bool) -> str:
    """Why torch cannot use the GPUs, and what to do; "" if it can. usable:
    torch.cuda.is_available()."""
    wrong = next((card for card in cards if not runs(card.capability, build.architectures)), None)
    if usable and wrong is None:
        return ""
    if not cards:
        return (
            "the job has GPUs but nvidia-smi finds none: the node's driver does not work, or the "
            "container was started without it (--nv, --gpus all)"
        )
    card = wrong or cards[0]
    found = f"{card.name}, driver {card.driver}"
    if card.capability:
        found += f", compute capability {card.capability[0]}.{card.capability[1]}"
    if build.cuda is None:
        return f"torch {build.version} has no CUDA and cannot use the GPU ({found}): {AGAIN}"
    least = DRIVERS.get(int(build.cuda.split(".")[0]), 0)
    text = (
        f"torch {build.version} (CUDA {build.cuda}) needs driver {least} or newer and compute "
        f"capability {', '.join(listed(build.architectures))}; the GPU is {found}: "
    )
    if wrong is not None:
        return text + AGAIN
    if card.driver != UNKNOWN and int(card.driver.split(".")[0]) < least:
        return f"{text}update the driver, or {AGAIN}"
    return (
        f"{text}torch still cannot use it (python -c 'import torch; torch.cuda.init()' says why): "
        + AGAIN
    )


def runs(capability: Capability | None, architectures: Sequence[str]) -> bool:
    """Whether a GPU runs what was compiled for `architectures`: its own major version up to its
    minor one (sm_80), or older instructions that the driver compiles (compute_80)."""
    if capability is None or not architectures:  # then torch has to tell
        return True
    for name in architectures:
        ((kind, number),) = re.findall(r"^(sm|compute)_(\d+)[a-z]*$", name)
        built = (int(number[:-1]), int(number[-1]))
        if built <= capability and (kind == "compute" or built[0] == capability[0]):
            return True
    return False


def listed(architectures: Sequence[str]) -> list[str]:
    """An architecture as NVIDIA lists it: "8.0" for "sm_80"."""
    digits = [re.sub(r"\D", "", name) for name in architectures]
    return list(dict.fromkeys(f"{x[:-1]}.{x[-1]}" for x in digits))


def installed_cards() -> list[Card]:
    """The machine's GPUs; none without NVIDIA's driver, or where nvidia-smi fails."""
    for fields in QUERIES:
        lines = nvidia_smi(f"--query-gpu={fields}", "--format=csv,noheader")
        rows = [re.split(r"\s*,\s*", line.strip()) for line in lines if line.strip()]
        if rows and all(len(row) == len(fields.split(",")) for row in rows):
            return [card(*row) for row in rows]
    listed = [re.match(r"GPU \d+: (.*?)( \(UUID.*)?$", line) for line in nvidia_smi("-L")]
    return [Card(found[1], UNKNOWN, None) for found in listed if found]


def nvidia_smi(*arguments: str) -> list[str]:
    """The lines that nvidia-smi prints for a query; none where it fails."""
    return (output(["nvidia-smi", *arguments], ROOT) or "").splitlines()


def card(name: str, driver: str, capability: str = "") -> Card:
    """A Card from the fields of nvidia-smi, any of which may be "[N/A]"."""
    found = re.fullmatch(r"(\d+)\.(\d)", capability)
    known = re.match(r"\d", driver)
    return Card(
        name, driver if known else UNKNOWN, (int(found[1]), int(found[2])) if found else None
    )


def check_build() -> None:
    """Raises UnusableGPUError if the installed torch, which is not loaded, was built without CUDA.

    For a login node, which has no GPU to try it on.
    """
    found = importlib.util.find_spec("torch")
    path = Path(found.origin).with_name("version.py") if found and found.origin else Path("none")
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    version, cuda, hip = (
        re.search(rf"^{name}\b.*= '(.+)'$", text, re.MULTILINE)
        for name in ("__version__", "cuda", "hip")
    )
    if version and not cuda and not hip:
        raise UnusableGPUError(
            f"the jobs ask for GPUs, but torch {version[1]} has no CUDA: {AGAIN}"
        )


@command
def main() -> None:
    check_support()


if __name__ == "__main__":
    sys.exit(main())
