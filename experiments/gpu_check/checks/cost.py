"""Checks 11 and 12: memory and time of a training's iterations."""

from __future__ import annotations

import time

import torch

from experiments.gpu_check.bench import Bench, Training, free_memory
from experiments.gpu_check.check import Found, Numbers
from tpr.data.packed import Packed, pack
from tpr.devices.tf32 import exact_products

BASELINE, TPR = "blendmask-r50", "blendmask-r50+tpr"
MEMORY = {BASELINE: 20, TPR: 25, "masktrack-r50+tpr": 40}  # GB
SECONDS = {BASELINE: 0.15, TPR: 0.3}  # an iteration of eight pairs on an A100 or H100
WARM_UP, ITERATIONS = 3, 10  # those that are timed come after the others


def memory(bench: Bench) -> Found:
    """The most memory of one step on eight pairs."""
    peaks: Numbers = {run: peak(bench, run) for run in MEMORY}
    text = " / ".join(f"{gigabytes:.1f}" for gigabytes in peaks.values()) + " GB"
    return Found(text, all(peaks[run] < most for run, most in MEMORY.items()), peaks)


def peak(bench: Bench, run: str) -> float:
    """In GB, of a training's second step, when there is momentum."""
    free_memory()
    training = bench.training(run)
    batch = training.batch()
    training.once(batch)
    torch.cuda.reset_peak_memory_stats()
    training.once(batch)
    return round(torch.cuda.max_memory_allocated() / 2**30, 2)


def seconds(bench: Bench) -> Found:
    """Seconds an iteration on eight pairs, in four ways; the first is the suite's."""
    found = Numbers()
    for run in SECONDS:
        training = bench.training(run)
        batch = pack(training.batch()).pin_memory()  # as loaders give it
        found[run] = bench.iteration[run] = iteration_seconds(training, batch)
        training.model.backbone.register_forward_pre_hook(contiguous)
        training.model.to(memory_format=torch.contiguous_format)
        found[f"{run}, channels first"] = iteration_seconds(training, batch)
        precise = bench.training(run, precision="fp32")
        found[f"{run}, fp32 with TF32"] = iteration_seconds(precise, batch)
        with exact_products():
            found[f"{run}, fp32"] = iteration_seconds(precise, batch)
    text = " / ".join(f"{found[run]:.3f}" for run in SECONDS) + " s"
    others = ", ".join(
        f"{name} {value:.3f}" for name, value in found.items() if name not in SECONDS
    )
    fits = all(found[run] <= most for run, most in SECONDS.items())
    return Found(f"{text} ({others})", fits, found)


def contiguous(module: torch.nn.Module, arguments: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
    """A pre-hook: images with their channels first in memory."""
    return (arguments[0].contiguous(),)


def iteration_seconds(training: Training, batch: Packed) -> float:
    """Mean seconds of loading the GPU, gradients and update; not of reading files."""
    for _ in range(WARM_UP):
        training.once(batch.to(training.step.device))
    torch.cuda.synchronize()
    begin = time.perf_counter()
    for _ in range(ITERATIONS):
        training.once(batch.to(training.step.device))
    torch.cuda.synchronize()
    return (time.perf_counter() - begin) / ITERATIONS
