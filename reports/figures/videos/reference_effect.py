"""The page's picture of how each temporal module uses the reference frame, on one clip."""

from pathlib import Path
from typing import Any

import torch

from baselines.reference_use import ReferenceUse, reference_use
from baselines.registry import BASELINES
from reports.figures.figure import Figure
from reports.figures.videos.reference_effect_sheet import LEVELS, effect_sheet
from reports.figures.videos.trained_modules import TrainedModules
from tpr.data.media.picture_writer import encode_image
from tpr.data.prepared import open_split
from tpr.data.youtube_vis import YouTubeVIS
from tpr.files import write_atomically
from tpr.inference.online import network_input, refine
from tpr.inference.playback import Playback
from tpr.models.build import build_model
from tpr.weights import checkpoint


def reference_effect(
    spec: dict[str, Any], weights: Path, dataset: YouTubeVIS, index: int, t: int
) -> ReferenceUse:
    """Infers a video up to frame t; returns how frame t - 1 changed frame t's features.

    spec: an evaluation's; t must be at least 1, so that there is a frame before.
    """
    model = build_model(spec["model"], len(dataset.categories), temporal=BASELINES)
    checkpoint.load_weights(model, weights)
    model.eval()
    video, settings = dataset.videos[index], spec["infer"]
    playback = Playback(video)
    for k in range(t):
        refine(model, network_input(dataset, video, k, settings), [playback], settings)
    with torch.no_grad():
        query = model.frames(network_input(dataset, video, t, settings))
    module, reference = model.temporal, playback.previous
    assert module is not None and reference is not None  # a run with a module, and t >= 1
    return reference_use(module, query, reference)


def draw_reference_effect(trained: TrainedModules, folder: Path, name: str) -> Figure:
    """Write the picture to folder/name and describe it."""
    dataset = open_split(trained.videos, "val")
    index = len(dataset.videos) // 2
    t = max(dataset.videos[index].length // 2, 1)
    found = {
        run: reference_effect(spec, trained.weights[run], dataset, index, t)
        for run, spec in trained.specs.items()
    }
    frames = [dataset.read_frame(dataset.videos[index], k) for k in (t - 1, t)]
    picture, brightest, farthest = effect_sheet(frames, found)
    write_atomically(folder / name, encode_image(picture, Path(name).suffix))
    levels = ", ".join(level.upper() for level in LEVELS)
    return Figure(
        name,
        "What each module brought from the frame before",
        f"Heat maps over one frame for {len(found)} runs: how much the frame before changed the "
        f"features on {levels}, and where each module looked or let features in.",
        f"Seed {trained.seed}, the middle frame of the middle validation video, not chosen by "
        f"result. First row: the frame before and the frame. Below, for each run: the size of the "
        f"change to the features of {levels} when the module sees the frame before instead of the "
        f"frame itself, relative to the features (brightest {100 * brightest:.0f} %, one scale for "
        f"all); then on P3 the motion that it sampled along (hue is the direction, the strongest "
        f"colour {farthest:.1f} pixels), or the inner gate on the frame before.",
        trained.sources,
    )
