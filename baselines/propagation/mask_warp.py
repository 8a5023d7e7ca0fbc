"""Masks carried by a displacement and matched with detections, after MaskProp (Bertasius &
Torresani, CVPR 2020).

MaskProp learns where each pixel of an instance goes in the frames about it, by deformable
convolutions on the difference of features, and matches what arrives with the detections there by
the IoU of masks. Here a given displacement carries the masks, from each frame to the next alone,
and the detections' own masks are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from baselines.propagation.view import View, mask_overlaps
from baselines.tracking.matching import best_pairs
from tpr.inference.playback import Seen
from tpr.routing.warp import warp

LEAST = 0.5  # IoU, as of the IoU tracker
PATIENCE = 6  # frames that a mask is carried on unseen, half of MaskProp's clip of 13


@dataclass
class Carried:
    """mask (H, W) bool in the latest frame; category: class index; missed: frames since it was
    detected."""

    track: int
    mask: Tensor
    category: int
    missed: int = 0


class MaskWarp:
    """sources: of motion, the first that a frame has is taken; without any, masks stay in place."""

    def __init__(self, *sources: str) -> None:
        self.sources = sources
        self.tracks: list[Carried] = []
        self.count = 0

    def step(self, view: View) -> Sequence[Seen]:
        masks = self._carry(view)
        same = view.found.classes.cpu()[:, None] == torch.tensor(
            [one.category for one in self.tracks], dtype=torch.long
        )
        iou = mask_overlaps(view.masks, masks)[1]
        owner: dict[int, Carried] = {}
        for row, column in best_pairs(iou.numpy(), (same & (iou >= LEAST)).numpy()):
            owner[row] = self.tracks[column]
        for row, mask in enumerate(view.masks):
            if row not in owner:
                owner[row] = Carried(self.count, mask, int(view.found.classes[row]))
                self.tracks.append(owner[row])
                self.count += 1
            owner[row].mask, owner[row].missed = mask, 0
        return [view.seen(owner[row].track, mask, row) for row, mask in enumerate(view.masks)]

    def _carry(self, view: View) -> Tensor:
        """Brings the tracks' masks to this frame, (K, H, W); those that left it, or were not seen
        for long, end."""
        if not self.tracks:
            return view.masks[:0]
        moved = torch.stack([one.mask for one in self.tracks])
        source = next((one for one in self.sources if one in view.motion), None)
        if source is not None:
            moved = warp(moved[None].float(), view.motion[source][None])[0] > 0.5
        for one, mask in zip(self.tracks, moved, strict=True):
            one.mask, one.missed = mask, one.missed + 1
        going = [one.missed <= PATIENCE + 1 and bool(one.mask.any()) for one in self.tracks]
        self.tracks = [one for one, goes in zip(self.tracks, going, strict=True) if goes]
        return moved[torch.tensor(going)]
