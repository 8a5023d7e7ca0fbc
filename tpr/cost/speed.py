"""Frames per second: `python -m tpr.cost.speed` writes results/full/speed.json.

Complete online inference, one video at a time (read a frame, run the network, track, paste masks:
what `tpr.inference` does), and the network alone, on a made-up clip and with untrained weights.
Variants take turns, so that a drifting machine hits all alike; each one's first round and a clip's
first frame, which has no reference, are dropped. Gates are set so that a given share of them is
open; nothing is noted of them while the clock runs.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from tpr.command import command, fraction, natural, positive
from tpr.extras import needed_packages

with needed_packages(__name__):
    import torch

    from tpr.cost.clip import GateSetter, untrained, write_clip
    from tpr.data.json_input import read_json
    from tpr.data.youtube_vis import Video, YouTubeVIS
    from tpr.devices.machine_record import cpu_name, git_state, hardware
    from tpr.devices.tf32 import allow_tf32
    from tpr.files import check_outputs, replacing
    from tpr.inference.cuda_graph import use_cuda_graph
    from tpr.inference.online import advance, network_input, run_network
    from tpr.inference.playback import Playback
    from tpr.models.vis_model import VISModel
    from tpr.routing import execution, execution_on, open_fraction
    from tpr.routing.execution import EXECUTIONS
    from tpr.terminal import printable

COSTS = Path("results/full/costs.json")
OUT = Path("results/full/speed.json")
RUNS = ["blendmask-r50", "blendmask-r50+tpr", "sipmask-r50", "sipmask-r50+tpr"]
INFER = {"first_frame": "skip", "recursive": True}


class Seconds(NamedTuple):
    """Seconds per frame, averaged over one round: of everything, and of the network alone."""

    inference: float
    network: float


class Variant(NamedTuple):
    """What is measured: a run's model and how it is executed.

    execution: of its gated cells, "dense" or "masked", None without a temporal module; work: the
    share of the gated work that is then needed, None without gates.
    """

    run: str
    model: VISModel
    execution: str | None
    work: float | None = None

    def play(self, dataset: YouTubeVIS, device: str) -> Seconds:
        with execution(self.execution) if self.execution else nullcontext():
            return play(self.model, dataset, device)


def play(model: VISModel, dataset: YouTubeVIS, device: str) -> Seconds:
    """The clip twice, as `tpr.inference` goes through a video: all of it, and the network alone."""
    video = dataset.videos[0]
    settings = INFER | {"short_edge": min(video.height, video.width), "longest": None}
    images = [network_input(dataset, video, t, settings).to(device) for t in range(video.length)]

    def everything(t: int, playback: Playback) -> None:
        advance(model, [playback], t, [dataset.read_frame(video, t)], settings)

    def network(t: int, playback: Playback) -> None:
        run_network(model, images[t], [playback], settings)

    return Seconds(*(seconds_a_frame(part, video, device) for part in (everything, network)))


def seconds_a_frame(part: Callable[[int, Playback], Any], video: Video, device: str) -> float:
    """Of a video from its second frame on; the first one has no reference."""
    playback = Playback(video)
    part(0, playback)
    begin = now(device)
    for t in range(1, video.length):
        part(t, playback)
    return (now(device) - begin) / (video.length - 1)


def now(device: str) -> float:
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter()


def measure(
    variants: dict[str, Variant], dataset: YouTubeVIS, device: str, rounds: int
) -> dict[str, list[Seconds]]:
    """Seconds by variant and round, after a warm-up round."""
    seconds: dict[str, list[Seconds]] = {name: [] for name in variants}
    for done in range(rounds + 1):
        for name, variant in variants.items():
            taken = variant.play(dataset, device)
            if done:
                seconds[name].append(taken)
            print(f"{name}, round {done}: {1 / taken.inference:.2f} FPS", file=sys.stderr)
    return seconds


def set_gates(model: VISModel, dataset: YouTubeVIS, device: str, opened: float) -> float | None:
    """Opens a share of the gates; returns the share of the gated work that is then needed.

    Always in the same execution, as dense and masked execution look at different parts of a pyramid
    first.
    """
    with execution("masked"), GateSetter(model, opened):
        play(model, dataset, device)
    return float(open_fraction(model.gates).mean()) if model.gates else None


def variants_of(
    run: str, spec: dict[str, Any], dataset: YouTubeVIS, device: str, options: argparse.Namespace
) -> dict[str, Variant]:
    """A run's variants by name: as it is, or by share of open gates and by execution."""
    classes = len(dataset.categories)
    if spec["temporal"] is None:
        return {run: Variant(run, untrained(spec, classes, options.detections).to(device), None)}
    with torch.no_grad():
        kinds = options.execution or [execution_on(torch.device(device))]
    found = {}
    for share in options.open:
        model = untrained(spec, classes, options.detections).to(device)
        work = set_gates(model, dataset, device, share)
        name = f"{run}, gates {100 * share:g} % open"
        for kind in kinds:
            found[f"{name}, {kind}" if len(kinds) > 1 else name] = Variant(run, model, kind, work)
        if options.cuda_graph and device != "cpu":
            graphed = copy.deepcopy(model)
            use_cuda_graph(graphed)
            found[f"{name}, dense in a CUDA graph"] = Variant(run, graphed, "dense", work)
    return found


def baseline_of(run: str, specs: dict[str, dict[str, Any]]) -> str:
    """The run that differs from `run` by its temporal module only, or else the first one."""
    alike = [name for name, spec in specs.items() if spec == specs[run] | {"temporal": None}]
    return next(iter(alike or specs))


def summary(seconds: dict[str, list[Seconds]], baselines: dict[str, str]) -> dict[str, Any]:
    """By variant and kind: frames per second, the ratio to its baseline round by round, and each
    round's seconds a frame."""
    out: dict[str, Any] = {}
    for name, rounds in seconds.items():
        out[name] = {"baseline": baselines[name]}
        for kind in Seconds._fields:
            own = [getattr(one, kind) for one in rounds]
            base = [getattr(one, kind) for one in seconds[baselines[name]]]
            ratios = [b / a for a, b in zip(own, base, strict=True)]
            spread = {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}
            fps = 1 / statistics.median(own)
            out[name][kind] = {"fps": fps, "ratio": spread, "seconds": own}
    return out


def on_device(
    device: str, specs: dict[str, dict[str, Any]], options: argparse.Namespace, classes: int
) -> dict[str, Any]:
    """Measures all variants of all runs on a device, each beside its baseline."""
    variants: dict[str, Variant] = {}
    allow_tf32(torch.device(device))
    with tempfile.TemporaryDirectory() as folder:
        dataset = write_clip(Path(folder), tuple(options.size), options.frames + 1, classes)
        for run, spec in specs.items():
            variants |= variants_of(run, spec, dataset, device, options)
        seconds = measure(variants, dataset, device, options.rounds)
    found = summary(seconds, {name: baseline_of(one.run, specs) for name, one in variants.items()})
    for name, one in variants.items():
        found[name] |= {"execution": one.execution, "gated_work_done": one.work}
    return {
        "name": device_name(device),
        "matmul_precision": torch.get_float32_matmul_precision(),  # "high" is TF32 on CUDA
        "rounds": options.rounds,
        "variants": found,
    }


def device_name(device: str) -> str:
    if device != "cpu":
        return torch.cuda.get_device_name()
    return f"{cpu_name()}, {torch.get_num_threads()} threads"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tpr.cost.speed", description=__doc__)
    add = parser.add_argument
    add("--costs", type=Path, default=COSTS, help="file of costs, which holds the models")
    add("--runs", nargs="+", default=RUNS, help="baselines and what is measured against them")
    add("--open", nargs="+", type=fraction, default=[0.0, 0.1, 1.0], help="shares of open gates")
    add("--execution", nargs="+", choices=EXECUTIONS, help="default: masked on CPU, dense on CUDA")
    add("--cuda-graph", action="store_true", help="on CUDA the temporal module as a graph, too")
    add("--frames", type=positive, default=8, help="timed frames a round")
    add("--rounds", type=positive, default=5)
    add("--detections", type=natural, default=10, help="objects in every frame")
    add("--size", nargs=2, type=positive, default=[360, 640], help="height and width")
    add(
        "--devices",
        nargs="+",
        choices=("cpu", "cuda"),
        help="default: cpu, and cuda where there is one",
    )
    add("--out", type=Path, default=OUT)
    return parser.parse_args(arguments)


def read_costs(path: Path, runs: list[str]) -> tuple[dict[str, Any], int]:
    """Specs of the runs' models by name, and the number of classes. Raises ValueError, OSError."""
    try:
        kept = read_json(path)["runs"]
        return {run: kept[run]["model"] for run in runs}, kept[runs[0]]["cost"]["classes"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} lacks {error}; run ./run_all.sh 1f") from None
    except FileNotFoundError:
        raise ValueError(f"{path} is not there; run ./run_all.sh 1f") from None


@command
def main(arguments: Sequence[str] | None = None) -> None:
    options, git = parse(arguments), git_state(Path.cwd())  # before anything is written
    check_outputs([options.out], [options.costs])
    specs, classes = read_costs(options.costs, options.runs)
    devices = options.devices or ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    if "cuda" in devices and not torch.cuda.is_available():
        raise ValueError("--devices cuda: torch finds no GPU here that it can use")
    if options.cuda_graph and "cuda" not in devices:
        raise ValueError(f"--cuda-graph needs a GPU; devices: {', '.join(devices)}")
    settings = {name: getattr(options, name) for name in ("size", "frames", "detections", "open")}
    record = {
        "finished": None,
        "torch": torch.__version__,
        "git": git,
        "hardware": hardware(),
        "settings": settings,
        "devices": [on_device(device, specs, options, classes) for device in devices],
    }
    record["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
    with replacing(options.out) as draft:
        draft.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(printable(options.out))


if __name__ == "__main__":
    sys.exit(main())
