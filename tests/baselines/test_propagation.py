"""Masks carried along planted motion, exactly; and what each propagator is for."""

import numpy as np
import pytest
import torch

from baselines.propagation.feature_matching import FeatureMatching
from baselines.propagation.mask_warp import PATIENCE, MaskWarp
from baselines.propagation.motion import FLOW, SAMPLING, dense_flow, of_level
from baselines.propagation.registry import PROPAGATORS
from baselines.propagation.view import View, mask_overlaps
from baselines.tracking.detections import Detections

H, W, STRIDE = 64, 96, 8
STEP = 8  # pixels to the right in each frame: one cell


def square(left: int, top: int = 16, side: int = 24) -> torch.Tensor:
    mask = torch.zeros(H, W, dtype=torch.bool)
    mask[top : top + side, left : left + side] = True
    return mask


def view(found: list[torch.Tensor], features: torch.Tensor, motion=None, classes=None) -> View:
    """A frame with detections of these masks, 0.9, 0.8 ... sure."""
    n = len(found)
    masks = torch.stack(found) if n else torch.zeros(0, H, W, dtype=torch.bool)
    classes = torch.tensor(classes or [0] * n, dtype=torch.long)
    scores = 0.9 - 0.1 * torch.arange(n)
    detections = Detections(torch.zeros(n, 4), scores, classes, torch.zeros(n, 4))
    return View(detections, masks, features, STRIDE, (H, W), motion or {})


def features(lefts: list[int], tops: list[int]) -> torch.Tensor:
    """A ground of one kind of its own in each cell, and squares with another one each."""
    generator = torch.Generator().manual_seed(0)
    h, w = H // STRIDE, W // STRIDE
    x = torch.zeros(40, h, w)
    x[20:] = torch.randn(20, h, w, generator=generator)
    looks = torch.randn(2, 10, 3, 3, generator=generator)
    for i, (left, top) in enumerate(zip(lefts, tops, strict=True)):
        left, top = left // STRIDE, top // STRIDE
        x[:, top : top + 3, left : left + 3] = 0
        x[10 * i : 10 * i + 10, top : top + 3, left : left + 3] = looks[i]
    return x


def carried(propagator, frames: list[View]) -> list[dict[int, np.ndarray]]:
    return [{one.track: one.mask for one in propagator.step(frame)} for frame in frames]


def cells(mask: np.ndarray) -> np.ndarray:
    """The middles of the cells, where values of pixels are the cells' own."""
    return mask[STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE]


def test_masks_overlap_by_their_share_and_none_are_masks_too():
    masks = torch.zeros(2, 4, 4, dtype=torch.bool)
    masks[0, :2], masks[1, 1:3] = True, True
    common, iou = mask_overlaps(masks, masks)
    assert common.tolist() == [[8, 4], [4, 8]]
    torch.testing.assert_close(iou, torch.tensor([[1, 1 / 3], [1 / 3, 1]]))
    assert mask_overlaps(masks[:0], masks)[1].shape == (0, 2)
    assert mask_overlaps(masks, masks[:0])[1].shape == (2, 0)
    assert not mask_overlaps(torch.zeros(1, 4, 4), torch.zeros(1, 4, 4))[1].any()


def test_features_carry_masks_exactly_with_no_detection_but_the_first():
    lefts, tops = [8, 40], [8, 32]
    frames = []
    for t in range(5):
        now = [left + t * STEP for left in lefts]
        detected = [square(a, b) for a, b in zip(now, tops, strict=True)] if t == 0 else []
        frames.append(view(detected, features(now, tops)))
    shown = carried(FeatureMatching(), frames)
    for t, tracks in enumerate(shown):
        assert tracks.keys() == {0, 1}
        for track, mask in tracks.items():
            true = square(lefts[track] + t * STEP, tops[track])
            np.testing.assert_array_equal(cells(mask), cells(true.numpy()))
            assert mask_overlaps(torch.from_numpy(mask)[None], true[None])[1] > 0.8


def test_what_no_mask_covers_begins_an_object_and_what_one_covers_does_not():
    frames = [
        view([square(8)], features([8], [16])),
        view([square(16), square(64, 32)], features([16, 64], [16, 32]), classes=[1, 2]),
    ]
    tracker = FeatureMatching()
    tracker.step(frames[0])
    found = tracker.step(frames[1])
    assert [(one.track, one.category) for one in found] == [(0, 1), (1, 2)]
    assert [round(one.score, 3) for one in found] == [0.9, 0.8]


def test_an_object_that_is_not_there_any_more_ends():
    frames = [view([square(8)], features([8], [16])), view([], features([], []))]
    again = view([square(8)], features([8], [16]))
    shown = carried(FeatureMatching(), [*frames, again])
    assert [sorted(tracks) for tracks in shown] == [[0], [], [1]]


def to_the_right(pixels: int) -> torch.Tensor:
    return torch.stack([torch.full((H, W), -float(pixels)), torch.zeros(H, W)])


def test_a_displacement_carries_masks_exactly_through_frames_without_detections():
    empty = torch.zeros(4, H // STRIDE, W // STRIDE)
    motion = {FLOW: to_the_right(20)}
    frames = [view([square(4)], empty), view([], empty, motion), view([square(44)], empty, motion)]
    assert [sorted(tracks) for tracks in carried(MaskWarp(FLOW), frames)] == [[0], [], [0]]
    tracker = MaskWarp(FLOW)
    tracker.step(frames[0])
    tracker.step(frames[1])
    assert torch.equal(tracker.tracks[0].mask, square(24))
    # in place they would not meet, nor with another class
    assert [sorted(tracks) for tracks in carried(MaskWarp(), frames)] == [[0], [], [1]]
    other = view([square(44)], empty, motion, classes=[1])
    assert sorted(carried(MaskWarp(FLOW), [*frames[:2], other])[-1]) == [1]


def test_the_first_source_of_motion_that_is_there_is_taken():
    empty = torch.zeros(4, H // STRIDE, W // STRIDE)
    first = view([square(4)], empty)
    motion = {FLOW: to_the_right(0), SAMPLING: to_the_right(40)}
    moved = view([square(44)], empty, motion)
    assert sorted(carried(MaskWarp(SAMPLING, FLOW), [first, moved])[-1]) == [0]
    assert sorted(carried(MaskWarp(FLOW, SAMPLING), [first, moved])[-1]) == [1]


@pytest.mark.parametrize(("unseen", "track"), [(PATIENCE, 0), (PATIENCE + 1, 1)])
def test_a_mask_is_carried_on_for_some_frames(unseen, track):
    empty = torch.zeros(4, H // STRIDE, W // STRIDE)
    seen, gone = view([square(8)], empty), view([], empty)
    assert sorted(carried(MaskWarp(), [seen, *[gone] * unseen, seen])[-1]) == [track]


def test_flow_and_sampling_are_in_the_videos_pixels():
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (H // 4, (W + 16) // 4, 3), np.uint8)
    wide = np.kron(coarse, np.ones((4, 4, 1), np.uint8))
    flow = dense_flow(wide[:, 4:-12], wide[:, 8:-8])  # content moved 4 to the right
    inside = flow[:, 16:-16, 16:-16]
    assert torch.allclose(inside.mean((1, 2)), torch.tensor([-4.0, 0.0]), atol=0.2)
    moved = torch.tensor([1.0, -0.5])[:, None, None].expand(2, 8, 12)
    found = of_level(moved, STRIDE, (64, 96), (128, 96))
    assert found.shape == (2, 128, 96)
    assert torch.equal(found[:, 5, 5], torch.tensor([8.0, -8.0]))


@pytest.mark.parametrize("name", PROPAGATORS)
def test_frames_without_detections_and_no_frame_before_are_fine(name):
    generator = torch.Generator().manual_seed(1)
    tracker = PROPAGATORS[name]()
    for n in (0, 3, 0, 0, 2):
        masks = [square(8 * k, 8 * k) for k in range(n)]
        x = torch.randn(8, H // STRIDE, W // STRIDE, generator=generator)
        shown = tracker.step(view(masks, x, {FLOW: to_the_right(1)}))
        assert len({one.track for one in shown}) == len(shown)
        assert all(one.mask.shape == (H, W) and one.mask.any() for one in shown)
