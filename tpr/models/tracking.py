"""Tracking: dense embeddings as SipMask-VIS [9], and MaskTrack R-CNN's association [69] (Eq. 7)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tpr.models.boxes import pairwise_iou
from tpr.routing.norm import group_norm

TRACK_LEVELS = ("p3", "p4", "p5")
STRIDE = 8


class TrackHead(nn.Module):
    """Embedding map (N, E, H_3, W_3) from P3..P5: shared tower, resized to P3, 1x1 convolution.

    A box's embedding is the map's value at the box centre. Every tracking head has a method
    `embeddings(pyramid, boxes)`, however it computes them.
    """

    def __init__(self, channels: int, embedding: int = 512, depth: int = 2) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(depth):
            conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
            layers += [conv, group_norm(channels), nn.ReLU()]
        self.tower = nn.Sequential(*layers)
        self.embed = nn.Conv2d(len(TRACK_LEVELS) * channels, embedding, 1)

    def forward(self, pyramid: dict[str, Tensor]) -> Tensor:
        size = pyramid[TRACK_LEVELS[0]].shape[-2:]
        levels = [self.tower(pyramid[name]) for name in TRACK_LEVELS]
        levels[1:] = [
            F.interpolate(x, size, mode="bilinear", align_corners=False) for x in levels[1:]
        ]
        return self.embed(torch.cat(levels, 1))

    def embeddings(self, pyramid: dict[str, Tensor], boxes: Sequence[Tensor]) -> list[Tensor]:
        """Embeddings (D_i, E) of each image's boxes (D_i, 4), xyxy in network pixels."""
        return [embeddings_at(track, x) for track, x in zip(self(pyramid), boxes, strict=True)]


def embeddings_at(track: Tensor, boxes: Tensor) -> Tensor:
    """Embeddings (D, E) of the boxes (D, 4, network pixels) in one image's map (E, H, W).

    Centres outside the map are clamped to its border (in the release they wrap or raise).
    """
    centre = ((boxes[:, :2] + boxes[:, 2:]) / 2 / STRIDE).floor().long()
    x = centre[:, 0].clamp(0, track.shape[2] - 1)
    y = centre[:, 1].clamp(0, track.shape[1] - 1)
    return track[:, y, x].t()


def match_loss(
    query: Sequence[Tensor], reference: Sequence[Tensor], matches: Sequence[Tensor]
) -> Tensor:
    """Cross entropy of Eq. 7, a mean over each image's samples and over the images.

    query[i] (S_i, E): embeddings of image i's samples; reference[i] (G_i, E): of the objects in its
    reference frame; matches[i] (S_i,): 0 for a sample whose object is not in the reference frame,
    else 1 + the object's index there.
    """
    loss = sum(x.sum() * 0 for x in (*query, *reference))
    for samples, known, match in zip(query, reference, matches, strict=True):
        if len(samples):
            loss = loss + F.cross_entropy(F.pad(samples @ known.t(), (1, 0)), match)
    return loss / len(query)  # pyright: ignore[reportReturnType]: a tensor, the sum of at least one


def association_scores(
    similarity: Tensor,
    scores: Tensor,
    iou: Tensor,
    same_class: Tensor,
    coefficients: tuple[float, float, float] = (1.0, 2.0, 10.0),
) -> Tensor:
    """MaskTrack R-CNN's cues: (D, K + 1), column 0 for a new object.

    similarity, iou, same_class: (D, K) of detections and remembered objects; scores: (D,).
    log softmax([0, f.m]) + a log(score) + b [0, IoU] + c [1, same class].
    """
    a, b, c = coefficients
    likelihood = F.log_softmax(F.pad(similarity, (1, 0)), 1)
    label = F.pad(same_class.to(likelihood), (1, 0), value=1.0)
    return likelihood + a * scores.log()[:, None] + b * F.pad(iou, (1, 0)) + c * label


class Tracker:
    """Online association of one video's detections with a memory of its objects.

    Detections are visited in order. One that matches a remembered object takes its id if it beats
    the frame's earlier claims to it (an earlier claimant keeps the id too, as in the release);
    otherwise it gets -1. A match updates the object's box and embedding, never its class.
    extent: added to the boxes' sides in IoUs; 1 in mmdet's MaskTrack R-CNN and SipMask-VIS.
    """

    def __init__(
        self,
        coefficients: tuple[float, float, float] = (1.0, 2.0, 10.0),
        *,
        extent: float = 0.0,
    ) -> None:
        self.coefficients, self.extent = coefficients, extent
        self.boxes: Tensor | None = None
        self.classes: Tensor | None = None
        self.embeddings: Tensor | None = None

    def step(self, boxes: Tensor, scores: Tensor, classes: Tensor, embeddings: Tensor) -> Tensor:
        """boxes (D, 4), scores (D,), classes (D,), embeddings (D, E) -> object ids (D,), or -1, on
        the CPU."""
        if len(boxes) == 0:
            return torch.empty(0, dtype=torch.long)
        if self.boxes is None:
            self.boxes, self.classes = boxes.clone(), classes.clone()
            self.embeddings = embeddings.clone()
            return torch.arange(len(boxes))
        cues = association_scores(
            # the three parts of the memory are set together
            embeddings @ self.embeddings.t(),  # pyright: ignore[reportOptionalMemberAccess]
            scores,
            pairwise_iou(boxes, self.boxes, self.extent),
            classes[:, None] == self.classes[None],  # pyright: ignore[reportOptionalSubscript]
            self.coefficients,
        )
        return self._assign(cues, boxes, classes, embeddings)

    def _assign(self, cues: Tensor, boxes: Tensor, classes: Tensor, embeddings: Tensor) -> Tensor:
        """Ids by each detection's best column of `cues` (D, K + 1), updating the memory."""
        best, column = cues.max(1)
        known, ids = len(self.boxes), [-1] * len(boxes)  # pyright: ignore[reportArgumentType]: not empty now
        # Of each object the rows, memory's or after them the detections', that it is kept from.
        named, seen = list(range(known)), list(range(known))
        claimed: dict[int, float] = {}
        # One transfer and one update for all: each makes a GPU wait.
        for i, (score, k) in enumerate(torch.stack([best.double(), column], 1).tolist()):
            if k == 0:
                ids[i] = len(seen)
                named.append(known + i)
                seen.append(known + i)
            elif score > claimed.get(k - 1, -100.0):
                ids[i], claimed[k - 1] = int(k) - 1, score
                seen[ids[i]] = known + i
        named_rows, seen_rows = torch.tensor([named, seen], device=boxes.device)
        self.classes = torch.cat([self.classes, classes])[named_rows]  # pyright: ignore[reportArgumentType]
        self.boxes = torch.cat([self.boxes, boxes])[seen_rows]  # pyright: ignore[reportArgumentType]
        self.embeddings = torch.cat([self.embeddings, embeddings])[seen_rows]  # pyright: ignore[reportArgumentType]
        return torch.tensor(ids)
