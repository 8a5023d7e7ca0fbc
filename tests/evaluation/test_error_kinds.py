"""What AP is lost to: planted errors, cases by hand, sums, and differences between runs."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.literal_errors import losses_literally
from tests.helpers.planted_errors import PLANTED, annotations, random_truth, results
from tpr.data.rle import encode
from tpr.evaluation import evaluate, masks
from tpr.evaluation.compare import lost_draws, of_draws
from tpr.evaluation.errors.kinds import KINDS

VIDEOS = 20
GOLDEN = Path(__file__).parents[1] / "data" / "ytvis"


def planted(kind: str, seed: int):
    rng = np.random.default_rng(seed)
    truth = random_truth(rng, VIDEOS)
    found = results(rng, PLANTED[kind](rng, truth))
    return evaluate(annotations(truth, VIDEOS), found, errors=True)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", KINDS)
def test_planted_errors_are_attributed_to_their_kind(kind, seed):
    metrics = planted(kind, seed)
    number = metrics.errors.number()
    lost = {name: float(values[0]) for name, values in metrics.errors.lost().items()}
    assert number[kind] > 5 and number[kind] >= 0.95 * sum(number.values())
    assert lost[kind] > 0.01 and lost[kind] >= 0.95 * sum(lost.values())
    assert metrics.stats["AP"] + lost[kind] == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_losses_are_those_that_are_written_out_literally(seed):
    rng = np.random.default_rng(seed)
    truth = random_truth(rng, 5)
    tracks = truth
    for kind in ("duplicate", "temporal", "spatial", "classification", "both", "background"):
        tracks = PLANTED[kind](rng, tracks)
    tracks = [one for one in tracks if rng.random() < 0.9]
    found = results(rng, tracks)
    plain = [
        {"video": t["video_id"], "category": t["category_id"], "masks": list(t["masks"])}
        for t in (*truth, *tracks)
    ]
    gts, dts = plain[: len(truth)], plain[len(truth) :]
    dts = [dt | {"score": one["score"]} for dt, one in zip(dts, found, strict=True)]
    expected = losses_literally(dts, gts)
    lost = evaluate(annotations(truth, 5), found, errors=True).errors.lost()
    assert sum(value > 0.001 for value in expected.values()) > 2
    assert {kind: values[0] for kind, values in lost.items()} == pytest.approx(expected, abs=1e-12)


def golden(name: str, **options):
    case = json.loads((GOLDEN / f"{name}.json").read_text())
    return evaluate(case["gt"], case["dt"], errors=True, **options)


@pytest.mark.parametrize("name", ["r22_crowd_ties_mixed", "r26_hd_mixed", "r14_missing"])
def test_without_a_compiler_nothing_differs(name, monkeypatch):
    compiled = golden(name).errors
    monkeypatch.setattr(masks, "compiled_part", None)
    plain = golden(name).errors
    assert plain.number() == compiled.number() and sum(compiled.number().values()) > 3
    assert plain.lost() == compiled.lost()


def test_weights_of_videos_are_an_evaluation_of_these_videos():
    metrics = golden("r24_many_videos")
    chosen = metrics.video_ids[::2]
    weights = np.array([[video in chosen for video in metrics.video_ids]], np.int64)
    alone = golden("r24_many_videos", video_ids=chosen).errors.lost()
    lost = metrics.errors.lost(weights)
    assert lost["spatial"][0] > 0.01
    for kind in KINDS:
        assert lost[kind][0] == pytest.approx(alone[kind][0], abs=1e-12)


def test_no_kind_is_lost_below_zero_whatever_videos_are_drawn():
    weights = np.random.default_rng(0).integers(0, 3, (200, len(golden("r28_bigger").video_ids)))
    for lost in golden("r28_bigger").errors.lost(weights).values():
        assert lost.min() > -1e-12


# --- by hand: a video of 4 frames, objects of 10 x 10 pixels


def box(y: int, x: int, height: int = 10, width: int = 10) -> np.ndarray:
    mask = np.zeros((40, 60), bool)
    mask[y : y + height, x : x + width] = True
    return mask


def judged(true: list[tuple[int, list]], found: list[tuple[int, list, float]]) -> dict[str, int]:
    """Errors at IoU 0.50 by kind, without those that did not happen; true: (category, masks)."""
    truth = annotations([], 1)
    truth["videos"][0] |= {"height": 40, "width": 60, "length": 4, "file_names": ["a"] * 4}
    entries = []
    for place, (category, shapes, *score) in enumerate([*true, *found]):
        rles = [None if one is None else encode(one) for one in shapes]
        entry = {"video_id": 1, "category_id": category, "segmentations": rles}
        entries.append(entry | ({"score": score[0]} if score else {"id": place + 1}))
    truth["annotations"] = entries[: len(true)]
    number = evaluate(truth, entries[len(true) :], errors=True).errors.number()
    return {kind: count for kind, count in number.items() if count}


COW, DOG = 1, 2
LEFT, RIGHT = [box(0, 0)] * 4, [box(0, 30)] * 4


def test_an_object_of_the_wrong_category_is_no_missed_one():
    assert judged([(COW, LEFT)], [(DOG, LEFT, 0.9)]) == {"classification": 1}


def test_a_cow_taken_for_a_dog_is_so_beside_a_dog_that_it_touches():
    beside = [box(0, 7)] * 4  # IoU with the cow 0.18
    found = judged([(COW, LEFT), (DOG, beside)], [(DOG, LEFT, 0.9), (DOG, beside, 0.8)])
    assert found == {"classification": 1}


def test_the_second_result_on_an_object_is_a_duplicate_if_its_category_is_right():
    found = judged([(COW, LEFT)], [(COW, LEFT, 0.9), (COW, LEFT, 0.8), (DOG, LEFT, 0.7)])
    assert found == {"duplicate": 1, "classification": 1}


def test_a_mask_too_small_is_spatial_and_a_track_too_short_temporal():
    small = [box(0, 0, 4)] * 4
    assert judged([(COW, LEFT)], [(COW, small, 0.9)]) == {"spatial": 1}
    short = [LEFT[0], None, None, None]
    assert judged([(COW, LEFT)], [(COW, short, 0.9)]) == {"temporal": 1}


def test_a_track_that_goes_on_as_another_object_is_temporal():
    mixed = [LEFT[0], LEFT[0], RIGHT[0], RIGHT[0]]
    for other in (COW, DOG):
        found = judged([(COW, LEFT), (other, RIGHT)], [(COW, mixed, 0.9), (other, RIGHT, 0.8)])
        assert found == {"temporal": 1}


def test_a_small_mask_of_the_wrong_category_is_both_and_a_track_on_nothing_background():
    small = [box(0, 0, 4)] * 4
    assert judged([(COW, LEFT)], [(DOG, small, 0.9)]) == {"both": 1}
    found = judged([(COW, LEFT)], [(COW, LEFT, 0.9), (COW, [box(20, 30)] * 4, 0.8)])
    assert found == {"background": 1}


def test_an_object_that_nothing_touches_is_missed():
    assert judged([(COW, LEFT), (DOG, RIGHT)], [(COW, LEFT, 0.9)]) == {"missed": 1}


# --- differences between runs


def test_a_kind_that_one_run_alone_has_differs_and_the_others_do_not():
    runs = [[planted("missed", seed)] for seed in (0, 0)]
    rng = np.random.default_rng(0)
    truth = random_truth(rng, VIDEOS)
    exact = evaluate(annotations(truth, VIDEOS), results(rng, truth), errors=True)
    first, second = (lost_draws(run, draws=200) for run in ([exact], runs[0]))
    found = {k: of_draws(first[k], second[k], seed=0, interval=True) for k in KINDS}
    assert found["missed"].low > 0.2 and found["missed"].value > found["missed"].low
    assert (found["spatial"].low, found["spatial"].value, found["spatial"].high) == (0, 0, 0)


def test_an_interval_over_seeds_covers_the_mean_over_seeds():
    """Two seeds that differ by 0 and by 2 in every draw of videos."""
    first = np.zeros((2, 401))
    second = np.array([[0.0] * 401, [2.0] * 401])
    found = of_draws(first, second, seed=0, interval=True)
    assert (found.low, found.value, found.high) == (0, 1, 2)
    assert 0.65 < found.share_above < 0.85  # a quarter draws the first seed twice


def test_draws_in_which_a_number_is_undefined_are_left_out():
    first, second = np.array([[0.1, -1, 0.1]]), np.array([[0.3, 0.3, 0.5]])
    found = of_draws(first, second, seed=0, interval=True)
    assert found.low == pytest.approx(0.4) and found.share_above == 1
    assert of_draws(second, np.full((1, 3), -1.0), seed=0, interval=True).value is None
