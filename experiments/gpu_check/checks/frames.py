"""Checks 14 and 15: a frame of online inference, what it starts and how long it takes."""

from __future__ import annotations

import statistics
import time
from collections import Counter

import torch
from torch.profiler import ProfilerActivity, profile

from experiments.gpu_check.bench import Bench
from experiments.gpu_check.check import Found, Numbers
from experiments.gpu_check.checks.cost import BASELINE, TPR
from experiments.gpu_check.checks.numerics import TOLERANCE, largest_difference, model_frame
from experiments.gpu_check.pretended import Counts
from tpr.cost.clip import GateSetter
from tpr.cost.speed import INFER
from tpr.devices.tf32 import allow_tf32, exact_products
from tpr.inference.cuda_graph import use_cuda_graph
from tpr.inference.online import advance
from tpr.inference.playback import Playback
from tpr.models.vis_model import VISModel
from tpr.routing import execution
from tpr.routing.execution import EXECUTIONS

SYNCS = 20  # a frame
OPEN = 0.1  # of the gates
SHARES = (0.0, 0.1, 1.0)
NOISE = 0.95  # times of two ways that differ by less are the same
ROUNDS = 8
WARM = 2  # frames before the one that is looked at: the first has no reference

# What the CUDA runtime is asked for, by the beginning of its name in a profile.
LAUNCHES = ("cudaLaunchKernel", "cuLaunchKernel")
WAITS = ("cudaStreamSynchronize", "cudaEventSynchronize")


class Clip:
    """Online inference of a video with a model, frame by frame."""

    def __init__(self, bench: Bench, model: VISModel) -> None:
        self.bench, self.model = bench, model
        self.video = bench.videos.videos[0]
        self.settings = INFER | {"short_edge": bench.frame_size[0], "longest": None}
        self.restart()

    def restart(self) -> None:
        self.playback, self.next = Playback(self.video), 0

    def step(self) -> None:
        """The next frame, from the decoded picture to its tracks' masks."""
        picture = self.bench.videos.read_frame(self.video, self.next)
        advance(self.model, [self.playback], self.next, [picture], self.settings)
        self.next += 1


def clip(bench: Bench, run: str, opened: float | None) -> Clip:
    """A clip about to show a frame with a reference; opened: the share of its gates."""
    allow_tf32(bench.device)
    found = Clip(bench, bench.clip_model(run).to(bench.device))
    if opened is not None:
        with GateSetter(found.model, opened), execution("masked"):  # as tpr.cost.speed
            found.step()
            found.step()
        found.restart()
    for _ in range(WARM):
        found.step()
    return found


def profiled(bench: Bench) -> Found:
    """Kernel launches, waits of the host, and the share of a frame in which the GPU is idle."""
    ready = clip(bench, TPR, OPEN)
    found = pretended_counts(bench.counts, ready) if bench.counts else profile_counts(ready)
    text = ", ".join(f"{value:g} {name}" for name, value in found.items())
    if not found["launches"]:
        return Found(f"the profiler saw nothing of the GPU ({text})", False, found)
    return Found(text, found["syncs"] <= SYNCS, found)


def pretended_counts(counts: Counts, ready: Clip) -> Numbers:
    counts.clear()
    ready.step()
    totals = counts.totals()
    return {"launches": totals["launches"], "syncs": totals["syncs"]}


def profile_counts(ready: Clip) -> Numbers:
    """From a profile of the CUDA runtime's calls and kernels; the time is of frames without it."""
    seconds = frame_seconds(ready)
    ready.restart()
    for _ in range(WARM):
        ready.step()
    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as found:
        ready.step()
        torch.cuda.synchronize()
    names: Counter[str] = Counter()
    busy = 0.0  # microseconds
    for event in found.events() or ():
        if event.device_type == torch.autograd.DeviceType.CUDA:
            busy += event.time_range.elapsed_us()
        names[event.name] += 1
    return {
        "launches": sum(n for name, n in names.items() if name.startswith(LAUNCHES)),
        "syncs": sum(n for name, n in names.items() if name.startswith(WAITS)),
        "idle share": round(max(0.0, 1 - busy / 1e6 / seconds), 2),
        "ms": round(1000 * seconds, 1),
    }


def rates(bench: Bench) -> Found:
    """Frames per second of the baseline, and of TPR in each way with shares of its gates open; and
    whether a CUDA graph computes what is computed without."""
    baseline = rate(clip(bench, BASELINE, None))
    found, words, fits = Numbers({BASELINE: baseline}), [], True
    for opened in SHARES:
        ready, ways = clip(bench, TPR, opened), {}
        for way in EXECUTIONS:
            with execution(way):
                ways[way] = rate(ready)
        use_cuda_graph(ready.model)
        ways["dense in a CUDA graph"] = rate(ready)
        found |= {f"{way}, {100 * opened:g} % open": value for way, value in ways.items()}
        words.append(", ".join(f"{way} {value:.1f}" for way, value in ways.items()))
        # Elsewhere masked execution has fewer kernels (of 2274: 1533 at 0 %, 2122 at 100 %) and
        # may be faster, which is worth knowing and no fault of a GPU.
        fits = fits and (opened != OPEN or ways["dense"] >= NOISE * ways["masked"])
    found["graph differs by"] = difference = graph_difference(bench)
    shares = "; ".join(f"{100 * s:g} %: {w}" for s, w in zip(SHARES, words, strict=True))
    text = f"{BASELINE} {baseline:.1f}; TPR {shares}; the graph differs by {difference:.1e}"
    return Found(text, fits and difference < TOLERANCE, found)


@torch.no_grad()
def graph_difference(bench: Bench) -> float:
    """Between a pyramid that TPR computes and what a graph gives that was recorded with other
    frames, here with the same two exchanged."""
    model = bench.clip_model(TPR).to(bench.device)
    first, second = (model_frame(bench, model, t) for t in (0, 1))
    with exact_products():
        wanted = model.refine(second, first).pyramid
        use_cuda_graph(model)
        model.refine(first, second)
        found = model.refine(second, first).pyramid
    return max(largest_difference(found[name], wanted[name]) for name in wanted)


def rate(ready: Clip) -> float:
    """Frames per second."""
    return round(1 / frame_seconds(ready), 2)


def frame_seconds(ready: Clip) -> float:
    """The median over some rounds of the frames that have a reference."""
    seconds = []
    for _ in range(ROUNDS):
        ready.restart()
        ready.step()
        for _ in range(WARM):
            torch.cuda.synchronize()
            begin = time.perf_counter()
            ready.step()
            torch.cuda.synchronize()
            seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)
