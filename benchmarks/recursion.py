"""What recursion does to a trained model's pyramid: how far each frame is from its raw one.

    python -m benchmarks.recursion runs/mini/evaluate-sipmask-r50+tpr-seed1-* [...]

At test time the reference is the previous frame's refined pyramid, so what the module adds is added
again with every frame. Prints, for each level, |refined - raw| / |raw| of the frames of a video,
over the first validation videos, once with recursion and once with raw references. A module that
keeps what it adds in bounds has rows that level off.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from baselines.registry import BASELINES
from experiments.stages.json_files import Record, read_json
from tpr.data.prepared import open_split
from tpr.data.youtube_vis import Video, YouTubeVIS
from tpr.inference.online import load_model, resized
from tpr.models.vis_model import VISModel
from tpr.routing import Frame

VIDEOS = 48


def sibling(evaluation: Path, record: Record, name: str) -> Path:
    """The folder of an input of the evaluation, beside it."""
    short = record["inputs"][name][:12]
    return next(evaluation.parent.glob(f"{name}*-{short}"))


@torch.no_grad()
def changes(
    model: VISModel, data: YouTubeVIS, videos: Sequence[Video], infer: Record, recursive: bool
) -> list[dict[str, float]]:
    """Of each frame after the first |refined - raw| / |raw| by level."""
    previous: Frame | None = None
    rows: list[dict[str, float]] = []
    for t in range(min(video.length for video in videos)):
        images = torch.cat([resized(data.read_frame(video, t), infer) for video in videos])
        raw = model.frames(images)
        refined = raw if previous is None else model.refine(raw, previous)
        if previous is not None:
            rows.append({
                name: float((refined.pyramid[name] - x).norm() / x.norm())
                for name, x in raw.pyramid.items()
            })  # fmt: skip
        previous = refined if recursive else raw
    return rows


def main(folders: Sequence[str]) -> None:
    torch.set_num_threads(1)
    for folder in map(Path, folders):
        record = read_json(folder / "record.json")
        if record is None:
            sys.exit(f"{folder}: no evaluation that is done")
        data = open_split(sibling(folder, record, "videos"), "val")
        weights = sibling(folder, record, "train") / "weights.pt"
        model = load_model(record["spec"], len(data.categories), weights, temporal=BASELINES)
        for recursive in (True, False):
            print(folder.name, "recursive" if recursive else "raw references")
            infer = record["spec"]["infer"]
            for t, row in enumerate(changes(model, data, data.videos[:VIDEOS], infer, recursive)):
                print(f"  frame {t + 1}", *(f"{name} {x:.2f}" for name, x in row.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
