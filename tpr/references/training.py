"""Training batches together with the data that their temporal module's reference is made from."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tpr.data.loader import PairBatch, Sample, TrainingData
from tpr.models.vis_model import Refer, VISModel
from tpr.parallel.batch_parts import WHOLE, Part
from tpr.references.choice import EXACT_FLOW, OTHER_VIDEO, PREVIOUS, SELF
from tpr.references.exact_flow import ExactFlow, warped
from tpr.routing import Frame


class ReferredBatch(NamedTuple):
    """A batch of pairs, and the data that the chosen reference needs.

    more: uint8 images (N, 3, H, W) for OTHER_VIDEO, flow (N, 2, H, W) for EXACT_FLOW, else None;
    refined: indices of the pairs whose reference is a refined one, ascending.
    """

    pairs: PairBatch
    choice: str
    more: Tensor | None
    refined: list[int]

    @property
    def sources(self) -> list[str]:
        return self.pairs.sources

    def to(self, device: torch.device) -> ReferredBatch:
        more = None if self.more is None else self.more.to(device, non_blocking=True)
        return ReferredBatch(self.pairs.to(device), self.choice, more, self.refined)

    def refer(self, model: VISModel) -> Refer | None:
        """The function that makes the temporal module's reference of a pair's frames; None: the
        pair's own."""
        if self.choice == SELF:
            return itself
        if self.choice == OTHER_VIDEO and self.more is not None:
            return partial(elsewhere, model, self.more)
        if self.more is None and not self.refined:
            return None
        return partial(self.previous, model)

    def previous(self, model: VISModel, query: Frame, reference: Frame) -> Frame:
        """The pairs' references: some of them refined, warped where there is a flow."""
        if self.refined:
            reference = with_refined(model, reference, self.refined)
        return reference if self.more is None else warped(reference, self.more)


def itself(query: Frame, reference: Frame) -> Frame:
    return query


def with_refined(model: VISModel, frame: Frame, rows: list[int]) -> Frame:
    """The frames, with those of some rows refined by themselves as reference, without gradient.

    So the temporal module trains on what it meets at test time, where its reference is a frame that
    it refined before. Trained on raw references alone, nothing keeps it from adding a little to
    every frame that it passes on (docs/controls.md, "Recursion").
    """
    part = frame.rows(rows)
    with torch.no_grad():
        refined = model.refine(part, part)
    return frame.with_rows(rows, refined.pyramid)


def elsewhere(model: VISModel, images: Tensor, query: Frame, reference: Frame) -> Frame:
    return model.frames(images)


class ReferredData:
    """Training data for a choice of reference; pairs, and so the tracking head's, stay the same.

    refined: the chance of a pair that its reference, where it is the previous frame, is a refined
    one. Raises ValueError where that is no chance, for EXACT_FLOW on recorded data, and for
    OTHER_VIDEO where there is but one video.
    """

    def __init__(self, data: TrainingData, choice: str = PREVIOUS, *, refined: float = 0.0) -> None:
        if not 0 <= refined <= 1:
            raise ValueError(f"refined_references must be in [0, 1], not {refined}")
        self.data, self.choice, self.refined = data, choice, refined
        self.flow = ExactFlow(data.dataset) if choice == EXACT_FLOW else None
        if choice == OTHER_VIDEO and len(data.annotated) < 2:
            raise ValueError(f"{data.dataset.path}: no other video to take a reference from")

    def batch(self, iteration: int, part: Part = WHOLE) -> ReferredBatch:
        """A part of an iteration's batch."""
        samples = self.data.pair_samples(iteration)
        pairs = self.data.load_pairs(samples, part)
        more = None
        if self.choice == OTHER_VIDEO:
            more = self.data.load(self._others(samples, iteration), part)[0].images
        elif self.flow is not None:
            own = samples[part.rows(len(samples))]
            size = pairs.query.images.shape[-2:]
            more = torch.stack([exact(self.flow, sample, size) for sample in own])
        return ReferredBatch(pairs, self.choice, more, self._refined(len(samples), iteration, part))

    def _refined(self, pairs: int, iteration: int, part: Part) -> list[int]:
        """Rows of a part of the batch whose reference is refined; drawn by a generator of their
        own, so that all else stays the same."""
        if not self.refined:
            return []
        drawn = np.random.default_rng([self.data.seed, 4, iteration]).random(pairs)
        return np.flatnonzero(drawn[part.rows(pairs)] < self.refined).tolist()

    def _others(self, samples: list[Sample], iteration: int) -> list[Sample]:
        """For each pair an annotated frame of another video, at the pair's size."""
        rng = np.random.default_rng([self.data.seed, 3, iteration])
        found: list[Sample] = []
        for sample in samples:
            others = [one for one in self.data.annotated if one[0].id != sample.video.id]
            video, frames = others[int(rng.integers(len(others)))]
            found.append(Sample(video, (int(rng.choice(frames)),), sample.geometry))
        return found


def exact(flow: ExactFlow, sample: Sample, size: torch.Size) -> Tensor:
    """Flow from the query to the reference of a pair, 0 where the batch is padded: (2, *size)."""
    query, reference = sample.frames
    if query == reference:
        return torch.zeros(2, *size)
    moved = flow.resized(sample.video, query, reference, sample.geometry)
    return F.pad(moved, (0, size[1] - moved.shape[2], 0, size[0] - moved.shape[1]))
