"""Checks 1 and 16: what the machine offers, and the library that GPUs talk through."""

from __future__ import annotations

import resource
import shutil
import tempfile
from pathlib import Path

import torch
import torch.cuda.nccl
import torch.distributed as dist
from fvcore.nn.distributed import _AllReduce

from experiments.engine.gpu_support import installed_cards
from experiments.gpu_check.bench import Bench
from experiments.gpu_check.check import Found, Numbers
from tpr.devices.machine_record import cores
from tpr.parallel.distributed import MOST_LOADERS

OPEN_FILES = 4096
SHARED_MEMORY = 4.0  # GB, which eight processes' batches take
LOADERS = 2


def usable(bench: Bench) -> Found:
    """The GPU, its driver and torch's build; what data loaders need."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = float("inf") if files == resource.RLIM_INFINITY else files
    shared = shutil.disk_usage("/dev/shm").total / 1e9 if Path("/dev/shm").is_dir() else 0.0
    count = min(cores(), MOST_LOADERS)
    problems = []
    if not (bench.pretended or torch.cuda.is_bf16_supported(including_emulation=False)):
        problems.append("no bf16: set precision: fp16 in experiments/manifests/profiles/full.yaml")
    if files < OPEN_FILES:
        problems.append(f"{files} open files: raise the hard limit (ulimit -Hn)")
    if shared < SHARED_MEMORY:
        problems.append(f"/dev/shm has {shared:.1f} GB: remount it, or --shm-size in a container")
    if count < LOADERS:
        problems.append(f"{count} loaders: ask for at least {LOADERS} cores a GPU")
    name = "a pretended GPU" if bench.pretended else gpu_words()
    text = f"{name}; {files:g} open files, {shared:.0f} GB in /dev/shm, {count} loaders"
    numbers: Numbers = {"shared_memory_gb": round(shared, 1), "cores": cores()}
    return Found("; ".join([text, *problems]), not problems, numbers)


def gpu_words() -> str:
    found = torch.cuda.get_device_properties()
    driver = next((card.driver for card in installed_cards()), "unknown")
    return (
        f"{found.name}, {found.total_memory / 2**30:.0f} GB, sm_{found.major}{found.minor}, "
        f"driver {driver}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"
    )


def collective(bench: Bench) -> Found:
    """NCCL with one process: a sum, an exchange of objects, the backward pass of SyncBN's sum."""
    with tempfile.TemporaryDirectory() as folder:
        dist.init_process_group(
            "cpu:gloo,cuda:nccl", init_method=f"file://{folder}/store", rank=0, world_size=1
        )
        try:
            summed = torch.ones(4, device=bench.device)
            dist.all_reduce(summed)
            objects: list[object] = [None]
            dist.all_gather_object(objects, {"rank": 0})
            x = torch.ones(3, device=bench.device, requires_grad=True)
            # what SyncBatchNorm calls, but for its way out where there is one process
            (2 * _AllReduce.apply(x)).sum().backward()
            gradient = None if x.grad is None else x.grad.tolist()
        finally:
            dist.destroy_process_group()
    right = [summed.sum().item() == 4, objects == [{"rank": 0}], gradient == [2.0] * 3]
    words = ("sum", "objects", "backward")
    wrong = [word for word, fits in zip(words, right, strict=True) if not fits]
    version = ".".join(map(str, torch.cuda.nccl.version()))
    return Found(f"NCCL {version}: {', '.join(wrong) + ' wrong' if wrong else 'right'}", not wrong)
