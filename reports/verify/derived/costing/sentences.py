"""Values of the sentences on why our costs differ from those of the paper's Table 1(f)."""

from reports.verify.derived.costing.counted import (
    SEEN,
    TEMPORAL,
    Cost,
    G,
    M,
    Shares,
    added,
    cost_of,
    mean_opened,
    params,
    shares_of,
    total,
)
from reports.verify.derived.expected import Context
from reports.verify.facts import Facts, Json
from reports.verify.words import fixed, gain


def cost_contexts(facts: Facts) -> list[Context]:
    contexts: list[Context] = []
    for row in facts.published["1f"]["rows"].values():
        cost = cost_of(facts, row["run"])
        if cost and "to" in row:
            contexts.append(_module(facts, row, cost))
        elif cost:
            contexts.append(_baseline(row, cost))
    return contexts


def in_percent(ours: float, theirs: float) -> str:
    return gain(100 * (ours - theirs) / theirs)


def _baseline(row: Json, cost: Cost) -> Context:
    seen = total(cost, "published")
    unseen = {part: sum(cost["macs"][part].values()) / G for part in cost["dead"]}
    return {
        "model": row["label"],
        "model_params": fixed(params(cost), 2),
        "paper_params": fixed(row["params"]),
        "params_off": in_percent(params(cost), row["params"]),
        "seen": fixed(seen, 2),
        "paper_seen": fixed(row["GFLOPs_avg"]),
        "seen_off": in_percent(seen, row["GFLOPs_avg"]),
        "done": fixed(total(cost, "executed"), 2),
        "unseen": ", ".join(f"{part} {fixed(value, 2)} G" for part, value in unseen.items()),
    }


def _module(facts: Facts, row: Json, cost: Cost) -> Context:
    inside = {part: n for part, n in cost["params"].items() if part.startswith(TEMPORAL)}
    ours, theirs = sum(inside.values()) / M, row["added_params"]
    parts = {_short(part): n / M for part, n in inside.items() if n}
    nearest = min(parts, key=lambda part: abs(parts[part] - abs(ours - theirs)))
    closed, opened = added(cost, "published", 0.0), added(cost, "published")
    paper = row["added_GFLOPs_avg"]
    kinds = {part: k for part, k in cost["macs"].items() if part.startswith(TEMPORAL)}
    products = {_short(part): k.get(SEEN, 0) / G for part, k in kinds.items()}
    gates = {gate.replace("_", " "): n / G for gate, n in cost["gates"].items()}
    deformable = sum(k.get("deformable convolutions", 0) for k in kinds.values()) / G
    shares = shares_of(facts, row["run"])
    trained = added(cost, "published", mean_opened(cost, shares)) if shares else None
    return {
        "module": row["label"],
        "added_params": gain(ours, 2),
        "paper_added": gain(theirs),
        "added_off": in_percent(ours, theirs),
        "added_parts": _list(parts, "M"),
        "gap": gain(ours - theirs, 2),
        "nearest": nearest,
        "nearest_size": fixed(parts[nearest], 2),
        "closed": gain(closed, 2),
        "opened": gain(opened, 2),
        "paper_average": gain(paper),
        "when_trained": _when_trained(shares, trained, paper),
        "products": _list(products, "G"),
        "gate_work": _list(gates, "G"),
        "met_with": fixed(100 * (paper - closed) / (opened - closed)),
        "deformable": fixed(deformable, 2),
    }


def _when_trained(shares: Shares | None, trained: float | None, paper: float) -> str:
    if shares is None or trained is None:
        return " (share of open gates: not run)"
    return (
        f", and {gain(trained, 2)} G ({in_percent(trained, paper)} %) with the "
        f"{fixed(100 * shares['all']['mean'])} % that are open here on average"
    )


def _short(part: str) -> str:
    return part.removeprefix(f"{TEMPORAL}.").replace("_", " ")


def _list(parts: dict[str, float], unit: str) -> str:
    shown = {part: value for part, value in parts.items() if value >= 0.005}
    return ", ".join(f"{part} {fixed(value, 2)} {unit}" for part, value in shown.items())
