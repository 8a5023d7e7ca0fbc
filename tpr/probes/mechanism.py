"""How a trained model's temporal module works, measured while it infers validation videos."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from tpr.data.transforms import Geometry
from tpr.data.youtube_vis import Video, YouTubeVIS
from tpr.inference.online import load_model, network_input, refine, side_by_side
from tpr.inference.playback import Playback
from tpr.models.build import Builder
from tpr.models.vis_model import VISModel
from tpr.probes.alignment import Alignment
from tpr.probes.gates import GatesByPlace
from tpr.probes.listening import OUTER_GATE, flow_of, gates_of, listening
from tpr.probes.truth import Cells, Pixels, Truth, cells
from tpr.references.choice import OTHER_VIDEO, SELF, choice_of
from tpr.references.online import online_reference
from tpr.routing import GateUse, Pyramid
from tpr.routing.warp import stride_of

VIDEOS = 60  # the first ones: this takes fewer videos than AP does
SPEEDS = (0.0, 0.5, 1.0, 2.0)  # lower bounds of groups of objects, in cells of P3 a frame


class Pictures(NamedTuple):
    """Two frames at the network's size, uint8 (H, W, 3)."""

    here: np.ndarray
    before: np.ndarray


class Call(NamedTuple):
    """The record of one call of the temporal module, on the CPU.

    displacement: where it sampled, by level, (N, 2, H, W) in cells; of_network: whether a flow
    network predicted it; kept: the outer gate (N, 1, H, W).
    """

    displacement: Pyramid
    of_network: bool
    gates: list[GateUse]
    kept: Pyramid


@dataclass
class LevelAlignment:
    whole: Alignment = field(default_factory=Alignment)
    by_speed: list[Alignment] = field(default_factory=lambda: [Alignment() for _ in SPEEDS])

    def add(self, found: np.ndarray, at: Cells) -> None:
        inside = at.object
        self.whole.add(found[inside], at.moved[inside])
        groups = np.digitize(at.speed, SPEEDS[1:])
        for number, group in enumerate(self.by_speed):
            chosen = inside & (groups == number)
            group.add(found[chosen], at.moved[chosen])

    def summary(self) -> dict[str, Any]:
        groups = zip(SPEEDS, self.by_speed, strict=True)
        by_speed = [{"from": speed} | one.summary() for speed, one in groups]
        return self.whole.summary() | {"by_speed": by_speed}


class Mechanism:
    """Sums over calls of a temporal module, frame by frame."""

    def __init__(self, truth: Truth, *, aligns: bool = True) -> None:
        self.truth, self.aligns = truth, aligns
        self.frames = 0
        self.levels: dict[str, LevelAlignment] = defaultdict(LevelAlignment)
        # on the finest level, by whether either frame of the pair is degraded
        self.pairs: dict[str, Alignment] = defaultdict(Alignment)
        self.dis: dict[str, Alignment] = defaultdict(Alignment)
        self.gates = GatesByPlace()

    def add(self, row: int, call: Call, pictures: Pictures, video: Video, t: int, t0: int) -> None:
        """Adds a video's frame t, which is row `row` of the call.

        t0: index of the previous frame; pictures: both frames at the network's size.
        """
        height, width = pictures.here.shape[:2]
        pixels = self.truth.pixels(video, t, t0, Geometry(height, width, False))
        self.frames += 1
        known: dict[tuple[str, torch.Size], Cells] = {}

        def at(level: str, x: Tensor) -> Cells:
            size = x.shape[-2:]
            if (level, size) not in known:
                known[level, size] = cells(pixels, stride_of(level), size)
            return known[level, size]

        if self.aligns and call.displacement:
            degraded = pixels.degraded or self.truth.is_degraded(video, t0)
            self._align(row, call, pictures, pixels, "degraded" if degraded else "clean", at)
        for use in call.gates:
            values = use.gate[row].float().flatten().cpu().numpy()
            kind = use.name.split(".")[-1]
            self.gates.add(kind, values, at(use.level, use.gate), pixels.degraded)
        for level, kept in call.kept.items():
            values = kept[row].flatten().numpy()
            self.gates.add(OUTER_GATE, values, at(level, kept), pixels.degraded)

    def _align(
        self, row: int, call: Call, pictures: Pictures, pixels: Pixels, kind: str, at: Any
    ) -> None:
        for level, found in call.displacement.items():
            self.levels[level].add(points(found[row]), at(level, found))
        level, finest = next(iter(call.displacement.items()))
        here = at(level, finest)
        self.pairs[kind].add(points(finest[row])[here.object], here.moved[here.object])
        if call.of_network:
            seen = replace(pixels, moved=dis_flow(pictures))
            dis = cells(seen, stride_of(level), finest.shape[-2:]).moved
            self.dis[kind].add(dis[here.object], here.moved[here.object])

    def summary(self) -> dict[str, Any]:
        """The entry of a record; alignment is None for a module that does not sample elsewhere."""
        alignment: dict[str, Any] | None = None
        if self.levels:
            alignment = {
                "levels": {name: one.summary() for name, one in self.levels.items()},
                "pairs": {kind: one.summary() for kind, one in self.pairs.items()},
                "dis": {kind: one.summary() for kind, one in self.dis.items()} or None,
            }
        return {
            "truth": self.truth.source,
            "frames": self.frames,
            "alignment": alignment,
            "gates": self.gates.summary() or None,
        }


def points(x: Tensor) -> np.ndarray:
    """(2, H, W) -> (P, 2), P = H W."""
    return x.flatten(1).T.double().numpy()


def dis_flow(pictures: Pictures) -> Tensor:
    """Flow of OpenCV's DIS from a frame to the one before: (2, H, W), pixels."""
    here, before = (cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) for x in pictures)
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found = method.calc(here, before, np.zeros((*here.shape, 2), np.float32))
    return torch.from_numpy(np.ascontiguousarray(found.transpose(2, 0, 1)))


def probe(
    spec: dict[str, Any],
    dataset: YouTubeVIS,
    weights: Path,
    *,
    temporal: Mapping[str, Builder] | None = None,
    videos: int = VIDEOS,
) -> dict[str, Any] | None:
    """Measures a trained model on the first videos; None where it has no temporal module.

    spec, temporal: as `tpr.inference.online.infer` takes them. A CUDA graph would hide the calls of
    submodules, so none is used.
    """
    if spec["model"]["temporal"] is None:
        return None
    infer = {name: value for name, value in spec["infer"].items() if name != "cuda_graph"}
    model = load_model(spec | {"infer": infer}, len(dataset.categories), weights, temporal=temporal)
    assert model.temporal is not None
    aligns = choice_of(infer) not in (SELF, OTHER_VIDEO)
    found = Mechanism(Truth(dataset), aligns=aligns)
    chosen = dataset.videos[:videos]
    for group in side_by_side(chosen, infer["batch"]):
        walk(model, model.temporal, dataset, group, infer, found)
    return {"videos": len(chosen)} | found.summary()


def walk(
    model: VISModel,
    temporal: nn.Module,
    dataset: YouTubeVIS,
    videos: list[Video],
    settings: dict[str, Any],
    found: Mechanism,
) -> None:
    """Runs the network without its heads over videos of one size."""
    refer = online_reference(settings, dataset, model)
    playbacks = [Playback(video, refer) for video in videos]
    latest: dict[int, tuple[int, np.ndarray]] = {}  # of each video: its frame before
    for t in range(max(video.length for video in videos)):
        active = [one for one in playbacks if one.has_frame(t)]
        if not active:
            continue
        for one in active:
            one.time = t
        images = torch.cat([network_input(dataset, one.video, t, settings) for one in active])
        pictures = images.permute(0, 2, 3, 1).contiguous().numpy()
        with listening(temporal) as heard:
            refine(model, images, active, settings)
        of_network = not heard.sampled
        displacement = flow_of(temporal) if of_network else heard.displacement
        call = Call(displacement, of_network, gates_of(temporal), heard.kept)
        # rows of the call: the videos that had a frame before, or all where the first is its own
        rows = [one for one in active if one.video.id in latest]
        if settings["first_frame"] == "self":
            rows = active
        for row, one in enumerate(rows):
            if one.video.id in latest:
                t0, before = latest[one.video.id]
                pair = Pictures(pictures[active.index(one)], before)
                found.add(row, call, pair, one.video, t, t0)
        for i, one in enumerate(active):
            latest[one.video.id] = t, pictures[i]
