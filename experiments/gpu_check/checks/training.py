"""Checks 5 to 10: every run trains and infers, in every precision, in parts, and resumes."""

from __future__ import annotations

import json
import math
import statistics
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from experiments.gpu_check.bench import ONE_RUN_A_HEAD, SEED, Bench, Quiet, Training
from experiments.gpu_check.check import Found, Numbers, told
from tpr.data.loader import PairBatch
from tpr.devices.tf32 import exact_products
from tpr.inference.online import advance
from tpr.inference.playback import Playback
from tpr.routing import open_fraction
from tpr.training import loop

TPR = "blendmask-r50+tpr"
WITHOUT_BATCH_NORM = "sipmask-r50+tpr"  # whose statistics are of one micro-batch
FRAMES = 3
OVERFLOWS = 17  # iterations in which fp16's scale can fall from 2^16
STEPS = 2  # that are made after them
# At the profile's learning rate, without warm-up, an iteration makes rounding, which differs from
# call to call on a GPU, ten times as large: 1e-6 of the weights is 1e-2 of the fourth loss. At this
# one it stays below 1e-4, and momentum that is lost is seen.
GENTLE = 2e-4
STEADY = 1e-3  # at the profile's an untrained network's loss jumps up now and then by half of it
PAIRS = 4  # where precisions are compared: eight in fp32 would be too many for a small GPU
LOSS = 0.05  # bf16's loss may differ from fp32's by this share
TOLERANCE = 1e-3


class Interrupted(Exception):
    """Ends a training where a check wants it to end."""


def all_runs(bench: Bench) -> Found:
    """One step in bf16 and three frames of every run of runs.yaml."""
    failed, numbers = [], Numbers()
    for run in bench.graph.runs:
        try:
            training = bench.training(run, precision="bf16", batch_size=2, micro_batch=2)
            numbers[run] = training.once(training.batch())
            infer_frames(bench, run)
        except Exception as error:  # the next runs are to be tried whatever it is
            failed.append(f"{run}: {told(error)}")
        print(f"  {run}: {'failed' if run not in numbers else 'trained'}", file=sys.stderr)
    failed += [f"{run}: loss {loss}" for run, loss in numbers.items() if not math.isfinite(loss)]
    text = f"{len(bench.graph.runs) - len(failed)} of {len(bench.graph.runs)} runs"
    return Found("; ".join([text, *failed]), not failed, numbers)


def infer_frames(bench: Bench, run: str) -> None:
    """Three frames of a video, every one but the first with a reference."""
    spec = json.loads(json.dumps(bench.graph.evaluate(run, SEED).spec))["infer"]
    settings = spec | {"short_edge": bench.frame_size[0], "longest": None}
    model = bench.model(run, settings["detections"] | {"threshold": 0.0, "top_after": 10})
    model = model.to(bench.device).to(memory_format=torch.channels_last).eval()
    video = bench.videos.videos[0]
    playback = Playback(video)
    for t in range(FRAMES):
        advance(model, [playback], t, [bench.videos.read_frame(video, t)], settings)


def half_precision(bench: Bench) -> Found:
    """fp16's first steps overflow and are left out; then weights move and stay finite."""
    wrong, numbers = [], Numbers()
    for run in ONE_RUN_A_HEAD:
        training = bench.training(run, precision="fp16", batch_size=2, micro_batch=2)
        before = [p.detach().clone() for p in training.model.parameters()]
        numbers[run] = steps_left_out(training)
        after = list(training.model.parameters())
        finite = all(bool(p.isfinite().all()) for p in after)
        moved = any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
        if not (finite and moved):
            wrong.append(f"{run}: {'no step was made' if finite else 'weights are not finite'}")
    skipped = ", ".join(f"{count:g}" for count in numbers.values())
    return Found("; ".join([f"finite; {skipped} steps left out", *wrong]), not wrong, numbers)


def steps_left_out(training: Training) -> int:
    """How many of the first steps are, until some are made."""
    batch, scaler, made = training.batch(), training.step.scaler, 0
    iteration = 0
    while made < STEPS and iteration < OVERFLOWS + STEPS:
        scale = scaler.get_scale()
        training.once(batch, iteration)
        made += scaler.get_scale() == scale
        iteration += 1
    return iteration - made


def bf16_loss(bench: Bench) -> Found:
    """The first loss of one batch, in bf16 and in fp32, of one run a head."""
    shares = Numbers()
    for run in ONE_RUN_A_HEAD:
        losses = {}
        for precision in ("fp32", "bf16"):
            pairs = min(PAIRS, bench.batch_size)
            training = bench.training(run, precision=precision, batch_size=pairs, micro_batch=pairs)
            losses[precision] = training.loss(training.batch())
        shares[run] = abs(losses["bf16"] / losses["fp32"] - 1)
    worst = max(shares.values())
    return Found(f"at most {100 * worst:.1f} %", worst < LOSS, shares)


def one_part_or_four(bench: Bench) -> Found:
    """Gradients of one batch taken whole and in four micro-batches."""
    gradients = []
    with exact_products():
        for parts in (1, PAIRS):
            settings = {"batch_size": PAIRS, "micro_batch": PAIRS // parts, "precision": "fp32"}
            training = bench.training(WITHOUT_BATCH_NORM, **settings)
            training.loss(training.batch())
            found = {n: p.grad for n, p in training.model.named_parameters() if p.grad is not None}
            gradients.append(found)
    whole, parted = gradients
    if whole.keys() != parted.keys():
        return Found(f"gradients of {len(whole)} and {len(parted)} parameters", False)
    scale = max(float(g.abs().max()) for g in whole.values())
    worst = max(float((whole[n] - parted[n]).abs().max()) for n in whole) / scale
    return Found(f"{worst:.1e} of the largest", worst < TOLERANCE, {"largest": worst})


def resumed(bench: Bench) -> Found:
    """Four iterations at once, and two, an interruption, and two."""
    settings = bench.settings(
        TPR, iterations=4, checkpoint_every=2, log_every=1, batch_size=2, micro_batch=2
    )
    settings |= {"precision": "fp32", "optimizer": settings["optimizer"] | {"lr": GENTLE}}
    with exact_products():
        whole = losses_of(bench, settings, bench.folder / "at-once")
        parted = losses_of(bench, settings, bench.folder / "resumed", stop_after=2)
    worst = max(abs(a / b - 1) for a, b in zip(parted, whole, strict=True))
    return Found(f"{worst:.1e}", worst < TOLERANCE, {"largest": worst})


def losses_of(
    bench: Bench, settings: dict[str, Any], out: Path, stop_after: int | None = None
) -> list[float]:
    """A training's loss by iteration; interrupted after some of them and resumed."""
    out.mkdir(parents=True, exist_ok=True)
    for stop in [None] if stop_after is None else [stop_after, None]:
        training = bench.training(TPR, **settings)
        with suppress(Interrupted):
            loop.optimise(
                training.model,
                training.data.pairs,
                Stopping(training, stop),
                settings,
                out,
                Quiet(),
                seed=SEED,
            )
    lines = (out / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [loop.total_loss(json.loads(line)) for line in lines]


class Stopping:
    """The losses of a training, which is interrupted after so many calls."""

    def __init__(self, training: Training, stop_after: int | None) -> None:
        self.training, self.left = training, stop_after

    def __call__(self, batch: PairBatch) -> dict[str, Tensor]:
        if self.left == 0:
            raise Interrupted
        self.left = None if self.left is None else self.left - 1
        return self.training.losses(batch)


def learns(bench: Bench, iterations: int = 60) -> Found:
    """A few pairs again and again, in bf16: the loss halves and gates do not all close."""
    optimizer = bench.spec(TPR)["train"]["optimizer"] | {"lr": STEADY}
    training = bench.training(TPR, precision="bf16", optimizer=optimizer)
    batch = [part.to(bench.device) for part in training.batch()]
    losses = [training.once(batch, 0) for _ in range(iterations)]
    opened = float(open_fraction(training.model.gates).mean())
    text = f"loss {losses[0]:.2f} -> {losses[-1]:.2f}, {100 * opened:.0f} % of the gated work open"
    fits = statistics.median(losses[-5:]) < losses[0] / 2 and opened > 0
    return Found(text, fits, {"first": losses[0], "last": losses[-1], "open": opened})
