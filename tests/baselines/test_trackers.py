"""What holds for every tracker, on made-up clips; and what each of them is for."""

import pytest
import torch

from baselines.tracking.bytetrack import ByteTrack
from baselines.tracking.deepsort import DeepSORT
from baselines.tracking.detections import Detections
from baselines.tracking.iou import IoUTracker
from baselines.tracking.kalman import Motion, measurements
from baselines.tracking.minvis import MinVIS
from baselines.tracking.oracle import oracle, true_ids
from baselines.tracking.registry import TRACKERS
from baselines.tracking.sort import SORT
from baselines.tracking.whole_clip import whole_clip

OBJECTS, FRAMES, SIDE = 4, 6, 30.0
# MaskTrack's cues let an earlier claimant keep an id that a later one takes over, as its release;
# true-ids has its tracks of what shows no object
ONCE = sorted(TRACKERS.keys() - {"masktrack", "true-ids"})


def clip(step: float = 2.0, noise: float = 0.05, seed: int = 0) -> list[Detections]:
    """Objects that move to the right, `step` pixels a frame, apart from one another."""
    generator = torch.Generator().manual_seed(seed)
    places = torch.arange(OBJECTS) * 50.0
    looks = 3 * torch.eye(OBJECTS, 8)
    frames = []
    for t in range(FRAMES):
        left = torch.stack([places + t * step, places], 1)
        embeddings = looks + noise * torch.randn(OBJECTS, 8, generator=generator)
        scores = 0.8 + 0.1 * torch.rand(OBJECTS, generator=generator)
        classes, truth = torch.arange(OBJECTS) % 2, torch.arange(OBJECTS)
        frames.append(
            Detections(torch.cat([left, left + SIDE], 1), scores, classes, embeddings, truth)
        )
    return frames


def rows(frame: Detections, chosen) -> Detections:
    return Detections(*(part[chosen] for part in frame))


def random_clip(seed: int) -> list[Detections]:
    """Of frames with 0 to 6 detections anywhere, of any look."""
    generator = torch.Generator().manual_seed(seed)
    frames = []
    for _ in range(8):
        n = int(torch.randint(0, 7, (1,), generator=generator))
        corner = 40 * torch.rand(n, 2, generator=generator)
        boxes = torch.cat([corner, corner + 5 + 30 * torch.rand(n, 2, generator=generator)], 1)
        scores = torch.rand(n, generator=generator).clamp(min=0.01)
        classes = torch.randint(0, 2, (n,), generator=generator)
        embeddings = torch.randn(n, 8, generator=generator)
        truth = torch.randperm(6, generator=generator)[:n] - 1
        frames.append(Detections(boxes, scores, classes, embeddings, truth))
    return frames


def objects(frames: list[Detections], ids: list[torch.Tensor]) -> set[frozenset[tuple]]:
    """What each id stands for, by the boxes' coordinates."""
    found: dict[int, set] = {}
    for t, (frame, own) in enumerate(zip(frames, ids, strict=True)):
        for box, one in zip(frame.boxes.tolist(), own.tolist(), strict=True):
            found.setdefault(one, set()).add((t, *box))
    return {frozenset(one) for key, one in found.items() if key >= 0}


@pytest.mark.parametrize("name", TRACKERS)
def test_ids_persist_while_objects_move_slowly(name):
    ids = TRACKERS[name](clip())
    assert all(torch.equal(one, ids[0]) for one in ids) and len(set(ids[0].tolist())) == OBJECTS


@pytest.mark.parametrize("name", ONCE)
def test_no_id_stands_twice_in_a_frame(name):
    for frames in map(random_clip, range(20)):
        ids = TRACKERS[name](frames)
        assert [len(one) for one in ids] == [len(frame.boxes) for frame in frames]
        for one in ids:
            known = one[one >= 0].tolist()
            assert len(known) == len(set(known)) and one.dtype == torch.long and (one >= -1).all()


@pytest.mark.parametrize("name", ONCE)
def test_the_order_of_detections_changes_nothing(name):
    generator = torch.Generator().manual_seed(0)
    for frames in map(random_clip, range(10)):
        orders = [torch.randperm(len(frame.boxes), generator=generator) for frame in frames]
        turned = [rows(frame, order) for frame, order in zip(frames, orders, strict=True)]
        assert objects(turned, TRACKERS[name](turned)) == objects(frames, TRACKERS[name](frames))


def test_the_order_of_detections_changes_nothing_for_masktrack_where_none_wants_the_same():
    frames = clip()
    turned = [rows(frame, torch.tensor([2, 0, 3, 1])) for frame in frames]
    known, found = (objects(one, TRACKERS["masktrack"](one)) for one in (frames, turned))
    assert known == found


@pytest.mark.parametrize("name", TRACKERS)
def test_empty_frames_and_empty_clips_are_clips(name):
    frames = clip()
    frames[0] = frames[2] = rows(frames[0], slice(0))
    assert [len(one) for one in TRACKERS[name](frames)] == [0, 4, 0, 4, 4, 4]
    assert TRACKERS[name]([]) == []
    assert [len(one) for one in TRACKERS[name]([frames[0]] * 2)] == [0, 0]


def of_one(frames: list[Detections], ids: list[torch.Tensor], truth: int = 0) -> list[int]:
    """The ids of one object where it is there."""
    pairs = zip(frames, ids, strict=True)
    return [int(one[frame.truth == truth]) for frame, one in pairs if (frame.truth == truth).any()]


@pytest.mark.parametrize(
    ("name", "kept"),
    [("iou", False), ("sort", True), ("deepsort", True), ("bytetrack", True), ("minvis", True)],
)
def test_who_finds_an_object_again_after_a_frame_without_it(name, kept):
    frames = clip()
    frames[3] = rows(frames[3], slice(1, None))
    assert (len(set(of_one(frames, TRACKERS[name](frames)))) == 1) == kept


def test_only_looks_find_an_object_again_elsewhere():
    frames = clip()
    for t in (4, 5):
        frames[t].boxes[0] += 300
    switched = {name: len(set(of_one(frames, TRACKERS[name](frames)))) > 1 for name in TRACKERS}
    assert {name for name, one in switched.items() if one} == {
        *("iou", "sort", "deepsort", "bytetrack"),
    }


def test_a_prediction_reaches_where_the_last_box_does_not():
    """16 of 30 pixels a frame: boxes of neighbouring frames overlap by 0.30 at most."""
    frames = clip(step=16.0)
    found = {
        name: len(set(of_one(frames, TRACKERS[name](frames)))) for name in ("iou", "bytetrack")
    }
    assert found == {"iou": FRAMES, "bytetrack": 1}


def test_a_low_score_goes_on_with_a_track_and_begins_none():
    frames = clip()
    frames[2].scores[0], frames[0].scores[1] = 0.1, 0.1
    ids = TRACKERS["bytetrack"](frames)
    assert ids[2][0] == ids[1][0] and ids[0].tolist()[1] == -1 and ids[1][1] >= 0


def test_the_whole_clip_is_joined_by_all_its_evidence():
    """One frame in which an object looks like another: MinVIS swaps them, all frames do not."""
    frames = clip(noise=0.0)
    frames[3].embeddings[[0, 2]] = frames[3].embeddings[[2, 0]]
    frames[3].boxes[:] += 500  # and no box overlaps
    frames[4] = frames[3]._replace(truth=frames[3].truth, embeddings=clip(noise=0.0)[4].embeddings)
    assert len(set(of_one(frames, TRACKERS["minvis"](frames)))) == 2
    found = whole_clip(frames)
    assert len(set(of_one(frames, found))) == 1
    assert len(objects(frames, found)) == OBJECTS


def test_the_oracle_says_the_truth_and_needs_it():
    frames = random_clip(3)
    assert [x.tolist() for x in oracle(frames)] == [frame.truth.tolist() for frame in frames]
    with pytest.raises(ValueError, match="truth"):
        oracle([frames[0]._replace(truth=None)])


def test_true_ids_are_the_oracles_and_what_shows_nothing_keeps_masktracks_tracks():
    for frames in map(random_clip, range(10)):
        own, known, found = (TRACKERS[x](frames) for x in ("masktrack", "oracle", "true-ids"))
        for masktrack, truth, ids in zip(own, known, found, strict=True):
            true, kept = truth >= 0, (truth < 0) & (masktrack >= 0)
            assert torch.equal(ids[true], truth[true])
            assert (ids[~true & ~kept] == -1).all()
            assert len({*(ids[kept] - masktrack[kept]).tolist()}) <= 1
            assert not {*ids[kept].tolist()} & {x for one in known for x in one.tolist()}
    assert true_ids([]) == []


def test_a_motion_is_learnt_and_its_gate_opens_where_the_box_should_be():
    boxes = torch.stack([torch.tensor([t * 5.0, 0, t * 5.0 + 20, 40]) for t in range(12)])
    measured = measurements(boxes)
    motion = Motion(measured[0])
    for one in measured[1:-1]:
        motion.predict()
        motion.update(one)
    motion.predict()
    torch.testing.assert_close(torch.from_numpy(motion.box).float(), boxes[-1], atol=0.5, rtol=0)
    near, far = motion.distances(measurements(torch.stack([boxes[-1], boxes[-1] + 60])))
    assert near < 1 < 100 < far


@pytest.mark.parametrize("new", [IoUTracker, SORT, DeepSORT, ByteTrack, MinVIS])
def test_an_online_tracker_never_needs_what_comes(new):
    frames = random_clip(5)
    tracker, shorter = new(), new()
    ids = [tracker.step(*frame[:4]) for frame in frames]
    for frame, own in zip(frames[:4], ids, strict=False):
        assert torch.equal(shorter.step(*frame[:4]), own)
