"""Costs and speed of runs as the tables' files give them, and all numbers one a line."""

from typing import Any

from reports.verify.derived.costing.counted import by_state, cost_of, params
from reports.verify.facts import Facts
from reports.verify.words import is_known

Line = dict[str, Any]
UNKNOWN = float("nan")
STATES = ("min", "mean", "max")
CONVENTIONS = ("published", "executed")
RATIO = ("median", "min", "max")


def cost_line(facts: Facts, run: str) -> Line:
    """Columns of a run; none where nothing was measured of any."""
    return (_costs(facts, run) if facts.costs else {}) | speed_line(facts, run)


def _costs(facts: Facts, run: str) -> Line:
    cost = cost_of(facts, run)
    states = {kind: by_state(facts, run, kind) if cost else {} for kind in CONVENTIONS}
    counts = {"params": params(cost) if cost else UNKNOWN}
    return counts | {
        f"GFLOPs_{kind}_{state}": found.get(state, UNKNOWN)
        for kind, found in states.items()
        for state in STATES
    }


def speed_line(facts: Facts, run: str) -> Line:
    """FPS of the first device: of a run without gates, and by percent of gates that are open."""
    if not facts.speed:
        return {}
    found: Line = {"FPS": UNKNOWN}
    for name, one in facts.speed["devices"][0]["variants"].items():
        whose, share, _ = variant(name)
        column = "FPS" if share is None else f"FPS_gates_{share:g}"
        known = found.setdefault(column, UNKNOWN)
        fps = one["inference"]["fps"]
        if whose == run and not (is_known(known) and known > fps):
            found[column] = fps
    return found


def variant(name: str) -> tuple[str, float | None, str | None]:
    """Run, percent of gates open and way to execute, of "run, gates 10 % open, masked"."""
    run, *rest = name.split(", ")
    shares = [float(one.split()[1]) for one in rest if one.startswith("gates ")]
    ways = [one for one in rest if not one.startswith("gates ")]
    return run, shares[0] if shares else None, ways[0] if ways else None


def speed_lines(facts: Facts) -> list[Line]:
    lines: list[Line] = []
    for device in facts.speed["devices"]:
        for name, one in device["variants"].items():
            run, share, way = variant(name)
            lines.append({
                "device": device["name"], "rounds": device["rounds"], "run": run, "open": share,
                "execution": one.get("execution", way),
                "gated_work_done": one.get("gated_work_done"),
                "FPS": one["inference"]["fps"],
                **{f"ratio_{n}": one["inference"]["ratio"][n] for n in RATIO},
                "network_FPS": one["network"]["fps"],
                **{f"network_ratio_{n}": one["network"]["ratio"][n] for n in RATIO},
            })  # fmt: skip
    return lines


def tidy_lines(facts: Facts) -> list[Line]:
    """Numbers of the records that tables show, then costs of every run of the tables."""
    lines: list[Line] = [
        {"run": one.run, "seed": one.seed, "metric": name, "value": float(value)}
        for one in facts.shown
        for name, value in one.metrics.items()
        if isinstance(value, int | float)
    ]
    runs = dict.fromkeys(row.run for table in facts.tables for row in table.rows)
    return lines + [
        {"run": run, "seed": None, "metric": name, "value": value}
        for run in runs
        for name, value in cost_line(facts, run).items()
        if is_known(value)
    ]
