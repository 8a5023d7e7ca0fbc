"""Gate maps of DACR over a clip, inner and outer, by level: the paper's Fig. 2 and 6."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from torch import Tensor, nn

from baselines.registry import BASELINES
from reports.figures.videos.picture_cells import Maps
from tpr.data.youtube_vis import YouTubeVIS
from tpr.inference.online import load_model, network_input, refine
from tpr.inference.playback import Playback
from tpr.models.vis_model import VISModel

LEVELS = ("p3", "p5", "p6")
GateMaps = dict[int, dict[str, Maps]]  # frame -> "inner P3" and so on -> (H, W) in [0, 1]


def gate_maps_in_clip(
    spec: dict[str, Any], weights: Path, dataset: YouTubeVIS, index: int
) -> GateMaps:
    """Infers a video and returns the gates of every frame that has a reference.

    An inner gate says how much of the reference's sampled features is refined and passed on, an
    outer one how much of the current frame's own features stays. spec: an evaluation's. Empty for
    models without such gates.
    """
    model = load_model(spec, len(dataset.categories), weights, temporal=BASELINES)
    video, settings = dataset.videos[index], spec["infer"]
    playback, outer = Playback(video), listen(model)
    maps: GateMaps = {}
    for t in filter(playback.has_frame, range(video.length)):
        outer.clear()
        images = network_input(dataset, video, t, settings)
        refine(model, images, [playback], settings)
        found = _inner(model) | {f"outer {name.upper()}": x for name, x in by_level(outer).items()}
        if outer:
            maps[t] = {name: _inside(x, images.shape[-2:], name) for name, x in found.items()}
    return maps


def listen(model: nn.Module) -> list[Tensor]:
    """A list to which every call of an outer gate appends its map (N, 1, H, W)."""
    heard: list[Tensor] = []

    def hear(_module: nn.Module, _inputs: tuple[Any, ...], output: Tensor) -> None:
        heard.append(output.sigmoid())

    for name, part in cast(Iterator[tuple[str, nn.Module]], model.named_modules()):
        if name.endswith("outer_gate"):
            part.register_forward_hook(hear)
    return heard


def by_level(heard: Sequence[Tensor]) -> dict[str, Tensor]:
    """Maps by level, from the order of calls: DACR is called once for each level, P3 first."""
    levels = {f"p{3 + place}": one for place, one in enumerate(heard)}
    return {name: one for name, one in levels.items() if name in LEVELS}


def _inner(model: VISModel) -> dict[str, Tensor]:
    uses = [use for use in model.gates if use.name == "inner_reference" and use.level in LEVELS]
    return {f"inner {use.level.upper()}": use.gate for use in uses}


def _inside(gate: Tensor, size: Sequence[int], name: str) -> Maps:
    """The first map of a batch without the padded margin: (N, 1, H, W) -> (h, w).

    size: (height, width) of the image before padding; name: ends with the level's number.
    """
    stride = 2 ** int(name[-1])
    height, width = (max(1, round(side / stride)) for side in size)
    return gate[0, 0, :height, :width].float().cpu().numpy()
