"""Frames per second: `python -m tpr.cost.speed` writes results/full/speed.json.

Complete online inference, one video at a time (read a frame, run the network, track, paste masks),
and the network alone, on a made-up clip and with untrained weights. Variants take turns, so that a
drifting machine hits all alike; each one's first round and a clip's first frame, which has no
reference, are dropped. Gates are set so that a given share of them is open.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ..command import command
from ..data.json_input import read_json
from ..data.youtube_vis import YouTubeVIS
from ..files import replacing
from ..infer import Playback, network_input, refine
from ..models.vis_model import VISModel
from ..routing import open_fraction
from ..terminal import printable
from .clip import GateSetter, untrained, write_clip

COSTS = Path("results/full/costs.json")
OUT = Path("results/full/speed.json")
RUNS = ["blendmask-r50", "blendmask-r50+tpr", "sipmask-r50", "sipmask-r50+tpr"]
INFER = {"first_frame": "skip", "recursive": True}


class Seconds(NamedTuple):
    """Of one round, a frame on average: everything, and the network's part of it."""

    inference: float
    network: float


def play(model: VISModel, dataset: YouTubeVIS, device: str) -> Seconds:
    """Online inference of the clip; seconds a frame over all frames but the first."""
    video = dataset.videos[0]
    settings = INFER | {"short_edge": min(video.height, video.width), "longest": None}
    playback, whole, network = Playback(video), [], []
    for t in range(video.length):
        begin = now(device)
        images = network_input(dataset, video, t, settings).to(device)
        start = now(device)
        frame = refine(model, images, [playback], settings)
        found = model.detect(frame, images.shape[-2:])[0]
        end = now(device)
        playback.add(t, found.to("cpu"))
        whole.append(now(device) - begin)
        network.append(end - start)
    return Seconds(statistics.fmean(whole[1:]), statistics.fmean(network[1:]))


def now(device: str) -> float:
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter()


def measure(
    models: dict[str, VISModel], dataset: YouTubeVIS, device: str, rounds: int
) -> dict[str, list[Seconds]]:
    """Seconds by variant and round, after a warm-up round."""
    seconds: dict[str, list[Seconds]] = {name: [] for name in models}
    for done in range(rounds + 1):
        for name, model in models.items():
            taken = play(model, dataset, device)
            if done:
                seconds[name].append(taken)
            print(f"{name}, round {done}: {1 / taken.inference:.2f} FPS", file=sys.stderr)
    return seconds


def set_gates(model: VISModel, dataset: YouTubeVIS, device: str, opened: float) -> float | None:
    """Opens a share of the gates; returns the share of the gated work that is then done."""
    if model.temporal is None:
        return None
    with GateSetter(model, opened):
        play(model, dataset, device)
    return float(open_fraction(model.gates).mean()) if model.gates else None


def baseline_of(run: str, specs: dict[str, dict[str, Any]]) -> str:
    """The run that differs from `run` by its temporal module only, or else the first one."""
    alike = [name for name, spec in specs.items() if spec == specs[run] | {"temporal": None}]
    return next(iter(alike or specs))


def summary(seconds: dict[str, list[Seconds]], baselines: dict[str, str]) -> dict[str, Any]:
    """By variant and kind: frames per second, and the ratio to its baseline round by round."""
    out: dict[str, Any] = {}
    for name, rounds in seconds.items():
        out[name] = {"baseline": baselines[name]}
        for kind in Seconds._fields:
            own = [getattr(one, kind) for one in rounds]
            base = [getattr(one, kind) for one in seconds[baselines[name]]]
            ratios = [b / a for a, b in zip(own, base, strict=True)]
            spread = {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}
            out[name][kind] = {"fps": 1 / statistics.median(own), "ratio": spread}
    return out


def on_device(
    device: str, specs: dict[str, dict[str, Any]], options: argparse.Namespace, classes: int
) -> dict[str, Any]:
    """Measures all variants of all runs on a device, each beside its baseline."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = write_clip(Path(folder), tuple(options.size), options.frames + 1, classes)
        models, done, baselines = {}, {}, {}
        for run, spec in specs.items():
            shares = options.open if spec["temporal"] else [None]
            for share in shares:
                name = run if share is None else f"{run}, gates {100 * share:g} % open"
                baselines[name] = baseline_of(run, specs)
                models[name] = untrained(spec, classes, options.detections).to(device)
                done[name] = (
                    None if share is None else set_gates(models[name], dataset, device, share)
                )
        seconds = measure(models, dataset, device, options.rounds)
    variants = summary(seconds, baselines)
    for name, share in done.items():
        variants[name]["gated_work_done"] = share
    return {"name": device_name(device), "rounds": options.rounds, "variants": variants}


def device_name(device: str) -> str:
    if device != "cpu":
        return torch.cuda.get_device_name()
    names = [line.split(":")[1].strip() for line in cpu_lines() if line.startswith("model name")]
    return f"{(names or [platform.machine()])[0]}, {torch.get_num_threads()} threads"


def cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tpr.cost.speed", description=__doc__)
    add = parser.add_argument
    add("--costs", type=Path, default=COSTS, help="file of costs, which holds the models")
    add("--runs", nargs="+", default=RUNS, help="baselines and what is measured against them")
    add("--open", nargs="+", type=float, default=[0.0, 0.1, 1.0], help="shares of open gates")
    add("--frames", type=int, default=8, help="timed frames a round")
    add("--rounds", type=int, default=5)
    add("--detections", type=int, default=10, help="objects in every frame")
    add("--size", nargs=2, type=int, default=[360, 640], help="height and width")
    add("--devices", nargs="+", help="default: cpu, and cuda where there is one")
    add("--out", type=Path, default=OUT)
    return parser.parse_args(arguments)


def read_costs(path: Path, runs: list[str]) -> tuple[dict[str, Any], int]:
    """Specs of the runs' models by name, and the number of classes. ValueError, OSError."""
    try:
        kept = read_json(path)["runs"]
        return {run: kept[run]["model"] for run in runs}, kept[runs[0]]["cost"]["classes"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} lacks {error}; ./run_all.sh 1f makes it again") from None


@command
def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    specs, classes = read_costs(options.costs, options.runs)
    devices = options.devices or ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    settings = {name: getattr(options, name) for name in ("size", "frames", "detections", "open")}
    record = {
        "finished": None,
        "torch": torch.__version__,
        "settings": settings,
        "devices": [on_device(device, specs, options, classes) for device in devices],
    }
    record["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
    with replacing(options.out) as draft:
        draft.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(printable(options.out))


if __name__ == "__main__":
    sys.exit(main())
