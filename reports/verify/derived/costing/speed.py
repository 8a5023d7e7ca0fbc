"""Frames per second and ratios made again from the seconds of every round, where they are kept."""

import statistics
from collections.abc import Iterable

from reports.verify.facts import Facts, Json

KINDS = ("inference", "network")


def speeds(device: Json) -> Iterable[tuple[str, dict[str, float]]]:
    """(variant and kind, what its rounds give), beside its baseline round by round."""
    variants = device["variants"]
    for name, one in variants.items():
        base = variants.get(one["baseline"], {})
        for kind in KINDS:
            own, theirs = one[kind].get("seconds"), base.get(kind, {}).get("seconds")
            if own and theirs:
                ratios = [b / a for a, b in zip(own, theirs, strict=True)]
                found = {"fps": 1 / statistics.median(own), "median": statistics.median(ratios)}
                yield f"{name}, {kind}", found | {"min": min(ratios), "max": max(ratios)}


def recorded(device: Json, place: str) -> dict[str, float]:
    """The same as the record has it."""
    name, kind = place.rsplit(", ", 1)
    one = device["variants"][name][kind]
    return {"fps": one["fps"], **one["ratio"]}


def has_rounds(facts: Facts) -> bool:
    """Whether every variant's rounds are kept."""
    devices = facts.speed["devices"]
    return all(
        one[kind].get("seconds")
        for device in devices
        for one in device["variants"].values()
        for kind in KINDS
    )


def speed_points(facts: Facts) -> dict[str, list[str]]:
    """AP beside speed of the variants whose runs have records, by device."""
    found: dict[str, list[str]] = {}
    for device in facts.speed["devices"]:
        for name, one in device["variants"].items():
            run = name.partition(",")[0]
            if run in facts.records:
                fps = one["inference"]["fps"]
                point = f"{name} AP {facts.mean(run):.1f} at {fps:.2f} FPS"
                found.setdefault(device["name"], []).append(point)
    return found
