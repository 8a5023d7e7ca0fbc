"""A local validation set: videos held out of the training set, the same on every machine.

The official validation sets have no public ground truth. Videos are chosen by iterative
stratification (Sechidis et al., ECML 2011), so that every category keeps its share, and wherever
that leaves a choice by a hash of the video's name: neither file order nor a random generator of
some library version takes part.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping


def hold_out(labels: Mapping[str, Iterable[str]], count: int) -> list[str]:
    """Names of `count` held-out videos, sorted.

    labels: name of a video -> categories of its objects. A category of two or more videos is meant
    to keep at least one on either side. Raises ValueError unless 0 < count < number of videos.
    """
    if not 0 < count < len(labels):
        raise ValueError(
            f"{count} videos cannot be held out of {len(labels)}: at least one must be on each side"
        )
    videos = {name: frozenset(labels[name]) for name in sorted(labels, key=name_hash)}
    wanted = wanted_videos(videos, count)
    held = stratified(videos, wanted, count)
    return sorted(adjusted(held, videos, wanted, count))


def name_hash(name: str) -> str:
    return hashlib.sha256(f"hold-out\0{name}".encode()).hexdigest()


def names_hash(names: Iterable[str]) -> str:
    """sha256 of a set of names: what freezes a hold-out."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def category_sizes(videos: Mapping[str, frozenset[str]]) -> Counter:
    return Counter(category for categories in videos.values() for category in categories)


def wanted_videos(videos: Mapping[str, frozenset[str]], count: int) -> dict[str, float]:
    """How many held-out videos each category should have."""
    share = count / len(videos)
    sizes = category_sizes(videos)
    return {c: min(max(n * share, 1), n - 1) if n > 1 else n * share for c, n in sizes.items()}


def stratified(
    videos: Mapping[str, frozenset[str]], wanted: Mapping[str, float], count: int
) -> set[str]:
    """Videos dealt to the side that lacks their rarest category most, rarest category first."""
    sizes = category_sizes(videos)
    lacking = {True: dict(wanted), False: {c: n - wanted[c] for c, n in sizes.items()}}
    room = {True: float(count), False: float(len(videos) - count)}
    left = dict(videos)
    held: set[str] = set()
    while left:
        rarest = min(category_sizes(left).items(), key=lambda x: (x[1], x[0]), default=(None, 0))[0]
        for name in [name for name, own in left.items() if rarest is None or rarest in own]:
            need = {side: (lacking[side].get(rarest, 0.0), room[side]) for side in (False, True)}
            side = need[True] > need[False]
            held |= {name} if side else set()
            room[side] -= 1
            for category in left.pop(name):
                lacking[side][category] -= 1
    return held


def adjusted(
    held: set[str],
    videos: Mapping[str, frozenset[str]],
    wanted: Mapping[str, float],
    count: int,
) -> set[str]:
    """Exactly `count` videos: each video moved is the one that disturbs the shares least."""
    held = set(held)
    while len(held) != count:
        add = len(held) < count
        now = category_sizes({name: videos[name] for name in held})
        held ^= {
            min(
                (name for name in videos if (name in held) != add),
                key=lambda name: move_cost(videos[name], now, wanted, 1 if add else -1),
            )
        }
    return held


def move_cost(
    categories: Iterable[str], now: Counter, wanted: Mapping[str, float], change: int
) -> float:
    """Growth of the sum of (held - wanted)^2 / wanted if the categories change by `change`."""
    return sum(
        ((now[c] + change - wanted[c]) ** 2 - (now[c] - wanted[c]) ** 2) / wanted[c]
        for c in categories
    )
