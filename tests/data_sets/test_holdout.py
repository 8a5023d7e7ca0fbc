"""The hold-out: its size, its shares of the categories, and what it does not depend on."""

import random
from collections import Counter

import pytest

from tpr.data.preparing.holdout import hold_out, names_hash


def labels(videos: int = 600, categories: int = 20, seed: int = 0) -> dict[str, list[str]]:
    """Videos of one to three of some common and some rare categories."""
    draw = random.Random(seed)
    weights = [1 / (k + 1) for k in range(categories)]
    names = [f"c{k}" for k in range(categories)]
    return {
        f"v{i}": draw.choices(names, weights, k=draw.choice([1, 1, 1, 2, 3])) for i in range(videos)
    }


def sizes(data, names=None):
    return Counter(c for name in (names or data) for c in set(data[name]))


@pytest.mark.parametrize("count", [1, 40, 81, 300, 599])
def test_the_number_of_videos_is_exact(count):
    held = hold_out(labels(), count)
    assert len(set(held)) == count and held == sorted(held)


@pytest.mark.parametrize("seed", range(4))
def test_every_category_keeps_its_share_within_two_and_a_half_videos(seed):
    data = labels(seed=seed)
    held, everything = sizes(data, hold_out(data, 81)), sizes(data)
    assert all(abs(held[c] - max(n * 81 / 600, 1)) <= 2.5 for c, n in everything.items())
    assert all(0 < held[c] < n for c, n in everything.items())


def test_order_and_repeated_labels_make_no_difference():
    data = labels()
    other = {name: data[name] * 2 for name in sorted(data, reverse=True)}
    assert hold_out(other, 81) == hold_out(data, 81)


def test_the_choice_is_frozen():
    """Written down once: a change of the algorithm would silently change every data set."""
    assert names_hash(hold_out(labels(), 81)) == (
        "e85aa4c6c512e7071406997dc5765b9f33c8fb2a9241e6518152224a543df2d9"
    )


def test_videos_with_several_objects_are_not_preferred():
    data = labels(videos=2000)
    held = hold_out(data, 270)
    mean = sum(len(set(data[name])) for name in held) / len(held)
    everywhere = sum(len(set(own)) for own in data.values()) / len(data)
    assert abs(mean - everywhere) < 0.1


def test_videos_without_objects_are_dealt_too():
    data = dict.fromkeys([f"v{i}" for i in range(10)], ())
    assert len(hold_out(data, 3)) == 3


@pytest.mark.parametrize("count", [0, 5, 6])
def test_both_sides_need_a_video(count):
    with pytest.raises(ValueError, match=f"{count} videos cannot be held out of 5"):
        hold_out({f"v{i}": ["a"] for i in range(5)}, count)
