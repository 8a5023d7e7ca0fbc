"""Multiply-accumulates by convention and gates, from results/full/costs.json and shares of open
gates: the definitions of docs/report.md, written down once more.

A run's cost: {"params": {part: n}, "macs": {part: {kind: n}}, "dead": parts that the paper's tool
did not trace, "gated": {level: n}, "gated_norm": n that is norms, "gates": {gate: n}}.
"""

from collections.abc import Mapping
from typing import Any

from reports.verify.facts import Facts, mean

G, M = 1e9, 1e6
SEEN = "convolutions and matrix products"  # all that the paper's tool counted
TEMPORAL = "temporal module"
STATES = ("closed", "min", "mean", "max", "open")
Cost = Mapping[str, Any]
Shares = dict[str, dict[str, float]]  # {"all" or level: {"min", "mean", "max"}}


def cost_of(facts: Facts, run: str) -> Cost | None:
    return facts.costs.get("runs", {}).get(run, {}).get("cost")


def by_part(cost: Cost, convention: str) -> dict[str, float]:
    """Multiply-accumulates with all gates open."""
    if convention == "executed":
        return {part: sum(kinds.values()) for part, kinds in cost["macs"].items()}
    return {
        part: kinds[SEEN]
        for part, kinds in cost["macs"].items()
        if SEEN in kinds and part not in cost["dead"]
    }


def undone(cost: Cost, convention: str, opened: float | Mapping[str, float]) -> float:
    """What closed gates leave out; the paper's tool does not see norms."""
    gated = cost["gated"]
    closed = sum(
        n * (1 - (opened[level] if isinstance(opened, Mapping) else opened))
        for level, n in gated.items()
    )
    total = sum(gated.values())
    return (
        closed * (1 - cost["gated_norm"] / total) if convention == "published" and total else closed
    )


def total(cost: Cost, convention: str, opened: float | Mapping[str, float] = 1.0) -> float:
    """G of a frame."""
    return (sum(by_part(cost, convention).values()) - undone(cost, convention, opened)) / G


def added(cost: Cost, convention: str, opened: float | Mapping[str, float] = 1.0) -> float:
    """G that the temporal module adds."""
    inside = sum(n for part, n in by_part(cost, convention).items() if part.startswith(TEMPORAL))
    return (inside - undone(cost, convention, opened)) / G


def shares_of(facts: Facts, run: str) -> Shares | None:
    """Open shares over the seeds that recorded them: least, mean, greatest."""
    found = [
        shares
        for record in facts.records.get(run, {}).values()
        if (shares := record.metrics.get("open_fraction_by_level"))
    ]
    if not found:
        return None
    return {
        level: {
            "min": min(one[level]["min"] for one in found),
            "mean": mean([one[level]["mean"] for one in found]),
            "max": max(one[level]["max"] for one in found),
        }
        for level in found[0]
    }


def mean_opened(cost: Cost, shares: Shares) -> dict[str, float]:
    return {level: shares.get(level, shares["all"])["mean"] for level in cost["gated"]}


def by_state(facts: Facts, run: str, convention: str) -> dict[str, float]:
    """G for gates closed, as far open as in the least, the mean and the most open frame, and open;
    NaN where shares are unknown."""
    cost, shares = cost_of(facts, run), shares_of(facts, run)
    assert cost is not None
    if not cost["gated"]:
        return dict.fromkeys(STATES, total(cost, convention))
    if shares is None:
        middle = dict.fromkeys(("min", "mean", "max"), float("nan"))
    else:
        middle = {
            "min": total(cost, convention, shares["all"]["min"]),
            "mean": total(cost, convention, mean_opened(cost, shares)),
            "max": total(cost, convention, shares["all"]["max"]),
        }
    ends = {"closed": total(cost, convention, 0.0), "open": total(cost, convention)}
    return {state: (ends | middle)[state] for state in STATES}


def params(cost: Cost) -> float:
    """In millions."""
    return sum(cost["params"].values()) / M
