"""Masks carried by matching features, after FEELVOS (Voigtlaender et al., CVPR 2019) and OSMN.

FEELVOS gives every pixel its distance to the nearest pixel of the object and of the rest, in the
first frame (global) and within a window of the previous one (local), in an embedding that is
trained for it; a trained head makes masks of these distances. Here the model's own pyramid is
matched, by cosines, and a pixel belongs to the object whose cells it is more like than the rest's,
both matchings added: nothing is trained. FEELVOS is told the masks of a first frame; here
detections that no carried mask covers begin objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from baselines.propagation.view import View, mask_overlaps
from baselines.tracking.matching import best_pairs
from tpr.inference.playback import Seen

WINDOW = 7  # cells to each side at a stride of 8, as FEELVOS's 15 at a stride of 4
COVERED = 0.5  # of a detection's pixels, by carried masks: it begins no object
SAME = 0.5  # IoU at which a carried mask is a detection's object
UNLIKE = -1.0  # cosine where there is nothing to match


@dataclass
class Carried:
    """An object: its cells (h, w) in the frame that it began in, with that frame's features
    (C, h, w) of length 1; its cells in the previous frame; score and class as last detected."""

    track: int
    first: Tensor
    features: Tensor
    previous: Tensor
    score: float
    category: int


class FeatureMatching:
    """An object whose mask has no cell left ends. A frame's score and class are those of the
    detection that its mask agrees with, otherwise as in the frame before."""

    def __init__(self) -> None:
        self.objects: list[Carried] = []
        self.previous: Tensor | None = None  # features of the frame before
        self.count = 0

    def step(self, view: View) -> Sequence[Seen]:
        features = F.normalize(view.features.float(), dim=0)
        masks = self._carry(view, features)
        common, iou = mask_overlaps(view.masks, masks)
        for row, column in best_pairs(iou.numpy(), iou.numpy() >= SAME):
            one = self.objects[column]
            one.score, one.category = float(view.found.scores[row]), int(view.found.classes[row])
        shown = [
            Seen(one.track, mask.numpy(), one.score, one.category)
            for one, mask in zip(self.objects, masks, strict=True)
            if mask.any()  # cells are there, but perhaps no pixel between them
        ]
        # Carried masks are apart, so that what they have in common with a detection adds up.
        covered = common.sum(1) >= COVERED * view.masks.flatten(1).sum(1)
        shown += self._begin(view, features, (~covered).nonzero().flatten().tolist())
        self.previous = features
        return shown

    def _carry(self, view: View, features: Tensor) -> Tensor:
        """Masks (K, H, W) of the objects that are still there, no two on one pixel."""
        nothing = torch.zeros(0, *view.size, dtype=torch.bool)
        if not self.objects or self.previous is None:
            return nothing
        local = window_likeness(features, self.previous)
        margins = torch.stack([self._margin(one, features, local) for one in self.objects])
        for one, cells in zip(self.objects, apart(margins), strict=True):
            one.previous = cells
        there = [bool(one.previous.any()) for one in self.objects]
        self.objects = [one for one, is_there in zip(self.objects, there, strict=True) if is_there]
        margins = margins.cpu()[torch.tensor(there)]
        return apart(view.in_pixels(margins)) if self.objects else nothing

    def _margin(self, one: Carried, features: Tensor, local: Tensor) -> Tensor:
        """How much more each cell is like the object than like the rest: (h, w)."""
        known = torch.einsum("chw,cp->hwp", features, one.features.flatten(1))
        whole = nearest(known, one.first.flatten()) - nearest(known, ~one.first.flatten())
        own = F.pad(one.previous.float()[None, None], (WINDOW,) * 4)
        rest = F.pad((~one.previous).float()[None, None], (WINDOW,) * 4)
        h, w = one.previous.shape
        inside, outside = (
            F.unfold(x, 2 * WINDOW + 1)[0].t().view(h, w, -1) > 0.5 for x in (own, rest)
        )
        return whole + nearest(local, inside) - nearest(local, outside)

    def _begin(self, view: View, features: Tensor, rows: Sequence[int]) -> list[Seen]:
        """An object for each of these detections, shown by the detection's own mask."""
        shown: list[Seen] = []
        for row, cells in zip(rows, view.in_cells(view.masks[rows]), strict=True):
            one, cells = view.seen(self.count, view.masks[row], row), cells.to(features.device)
            begun = Carried(self.count, cells, features, cells, one.score, one.category)
            self.objects.append(begun)
            self.count += 1
            shown.append(one)
        return shown


def window_likeness(features: Tensor, previous: Tensor) -> Tensor:
    """Cosines of each cell with the window about it in the previous frame: (h, w, P), 0 outside
    the frame. Both (C, h, w), of length 1."""
    h, w = features.shape[-2:]
    around = F.pad(previous, (WINDOW,) * 4)
    side = range(2 * WINDOW + 1)
    shifted = ((features * around[:, y : y + h, x : x + w]).sum(0) for y in side for x in side)
    return torch.stack(list(shifted), -1)


def nearest(likeness: Tensor, which: Tensor) -> Tensor:
    """The largest likeness (h, w, P) among the ones that `which` chooses, (P,) or (h, w, P)."""
    return torch.where(which, likeness, UNLIKE).amax(-1)


def apart(margins: Tensor) -> Tensor:
    """Where each of K margins (K, h, w) is above 0 and the largest: bool, no two on one place."""
    best = margins.argmax(0)
    own = torch.arange(len(margins), device=margins.device)[:, None, None] == best
    return own & (margins > 0)
