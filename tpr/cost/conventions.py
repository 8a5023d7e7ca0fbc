"""The two ways to add a cost up; on the plain data of `model.measure`, so torch is not needed.

- `executed`: every multiply-accumulate that the network does, of every kind.
- `published`: what the paper's tool counted. It traced a forward pass without detections, which
  drops the parts that no other output depends on (`dead`), and knew convolutions and matrix
  products only: deformable convolutions are operators of their own and were not seen, nor were
  norms, resizing and sampling.

Gates: `opened` is the share of the gated work that is done, 1 if all gates are open and 0 if all
are closed, or such a share for each level. Gated work is counted in the unit costs of Eq. 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PRODUCTS = "convolutions and matrix products"
TEMPORAL, TRACKING, MASKS = "temporal module", "tracking head", "masks of the detections"

Cost = Mapping[str, Any]
Opened = float | Mapping[str, float]


def executed(cost: Cost, opened: Opened = 1.0) -> float:
    """Multiply-accumulates of a frame, all kinds and parts."""
    return sum(executed_by_part(cost).values()) - closed_work(cost, opened)


def published(cost: Cost, opened: Opened = 1.0) -> float:
    """Multiply-accumulates of a frame as the paper's tool counted them."""
    return sum(published_by_part(cost).values()) - closed_products(cost, opened)


def executed_by_part(cost: Cost) -> dict[str, int]:
    """All gates open."""
    return {part: sum(kinds.values()) for part, kinds in cost["macs"].items()}


def published_by_part(cost: Cost) -> dict[str, int]:
    """All gates open; parts of which the tool saw nothing are left out."""
    live = {part: kinds for part, kinds in cost["macs"].items() if part not in cost["dead"]}
    return {part: kinds[PRODUCTS] for part, kinds in live.items() if PRODUCTS in kinds}


def closed_work(cost: Cost, opened: Opened) -> float:
    """Gated multiply-accumulates that are not done."""
    return sum(full * (1 - share(opened, level)) for level, full in cost["gated"].items())


def closed_products(cost: Cost, opened: Opened) -> float:
    """As `closed_work`, without the norms."""
    full = gated(cost)
    return closed_work(cost, opened) * (1 - cost["gated_norm"] / full) if full else 0.0


def share(opened: Opened, level: str) -> float:
    return opened[level] if isinstance(opened, Mapping) else opened


def gated(cost: Cost) -> int:
    """Multiply-accumulates that gates control."""
    return sum(cost["gated"].values())


def is_temporal(part: str) -> bool:
    return part == TEMPORAL or part.startswith(f"{TEMPORAL}.")


def added(cost: Cost, convention: str, opened: Opened = 1.0) -> float:
    """What the temporal module adds, by the name of the convention."""
    by_part, closed = {
        "executed": (executed_by_part, closed_work),
        "published": (published_by_part, closed_products),
    }[convention]
    inside = sum(number for part, number in by_part(cost).items() if is_temporal(part))
    return inside - closed(cost, opened)


def parameters(cost: Cost) -> int:
    return sum(cost["params"].values())


def added_parameters(cost: Cost) -> int:
    return sum(number for part, number in cost["params"].items() if is_temporal(part))
