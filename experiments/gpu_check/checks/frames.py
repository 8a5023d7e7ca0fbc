"""Checks 14 and 15: a frame of online inference, what it starts and how long it takes."""

from __future__ import annotations

import statistics
import time
from collections import Counter

import torch
from torch.profiler import ProfilerActivity, profile

from tpr.cost.clip import GateSetter
from tpr.cost.speed import INFER
from tpr.cuda_graph import use_cuda_graph
from tpr.infer import Playback, advance
from tpr.models.vis_model import VISModel
from tpr.routing import execution
from tpr.routing.execution import EXECUTIONS

from ..bench import Bench
from ..check import Found, Numbers
from .cost import BASELINE, TPR

SYNCS = 20  # a frame
OPEN = 0.1  # of the gates
SHARES = (0.0, 0.1, 1.0)
ROUNDS = 8
WARM = 2  # frames before the one that is looked at: the first has no reference

# What the CUDA runtime is asked for, by the beginning of its name in a profile.
LAUNCHES = ("cudaLaunchKernel", "cuLaunchKernel")
WAITS = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize")


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
    found = Clip(bench, bench.clip_model(run).to(bench.device))
    if opened is not None:
        with GateSetter(found.model, opened):
            found.step()
            found.step()
        found.restart()
    for _ in range(WARM):
        found.step()
    return found


def profiled(bench: Bench) -> Found:
    """Kernel launches, waits of the host, and the share of a frame in which the GPU is idle."""
    ready = clip(bench, TPR, OPEN)
    found = pretended_counts(bench, ready) if bench.counts else profile_counts(ready)
    text = ", ".join(f"{value:g} {name}" for name, value in found.items())
    return Found(text, found["syncs"] <= SYNCS, found)


def pretended_counts(bench: Bench, ready: Clip) -> Numbers:
    bench.counts.clear()
    ready.step()
    totals = bench.counts.totals()
    return {"launches": totals["launches"], "syncs": totals["syncs"]}


def profile_counts(ready: Clip) -> Numbers:
    """From a profile of the CUDA runtime's calls and kernels."""
    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as found:
        begin = time.perf_counter()
        ready.step()
        torch.cuda.synchronize()
        seconds = time.perf_counter() - begin
    names: Counter[str] = Counter()
    busy = 0.0  # microseconds
    for event in found.events():
        if event.device_type == torch.autograd.DeviceType.CUDA:
            busy += event.self_device_time_total
        names[event.name] += 1
    return {
        "launches": sum(n for name, n in names.items() if name.startswith(LAUNCHES)),
        # the one at the end is ours
        "syncs": sum(n for name, n in names.items() if name.startswith(WAITS)) - 1,
        "idle share": round(max(0.0, 1 - busy / 1e6 / seconds), 2),
        "ms": round(1000 * seconds, 1),
    }


def rates(bench: Bench) -> Found:
    """Frames per second of the baseline, and of TPR in each way with shares of its gates open."""
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
        fits = fits and ways["dense"] >= ways["masked"]
    shares = "; ".join(f"{100 * s:g} %: {w}" for s, w in zip(SHARES, words, strict=True))
    return Found(f"{BASELINE} {baseline:.1f}; TPR {shares}", fits, found)


def rate(ready: Clip) -> float:
    """Median frames per second over some rounds of the frames that have a reference."""
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
    return round(1 / statistics.median(seconds), 2)
