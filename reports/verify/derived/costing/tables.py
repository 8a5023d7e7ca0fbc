"""The section on costs and speed: expected tables, and values of the sentences between them."""

from typing import Any

from reports.verify.derived.costing.counted import (
    STATES,
    TEMPORAL,
    G,
    M,
    by_part,
    by_state,
    cost_of,
    params,
    shares_of,
    total,
)
from reports.verify.derived.costing.speed import speed_points
from reports.verify.derived.expected import Expected, ExpectedTable, column
from reports.verify.facts import Facts
from reports.verify.words import DASH, fixed, gain

SECTION = ("Costs",)
PAGE_TABLES = ("1f", "1c", "1d")
GATED = "blendmask-r50+tpr"
CHARTED = ("baseline-r50", "tpr-r50", "baseline-r101", "tpr-r101")  # of 1f
SPEEDS = (("inference", "FPS, whole inference"), ("network", "FPS, network"))
SPEED_PAIRS = (("BlendMask", "blendmask-tpr", "blendmask"), ("SipMask", "sipmask-tpr", "sipmask"))


def expect_costs(facts: Facts) -> Expected:
    found = Expected()
    if facts.costs:
        found.tables += [_costs(facts, table) for table in PAGE_TABLES]
        found.tables += [_parts(facts), _public(facts)]
        found.contexts.append((SECTION[0], _charts(facts)))
        found.contexts += [
            (SECTION[0], {"cost_table": id, "cost_title": facts.published[id]["title"]})
            for id in PAGE_TABLES
        ]
    if shares := shares_of(facts, GATED):
        columns = [
            column(f"{name}, %", [fixed(100 * one[name]) for one in shares.values()])
            for name in ("min", "mean", "max")
        ]
        found.tables.append(ExpectedTable(SECTION, [column("level", [*shares]), *columns]))
    found.contexts.append((SECTION[0], {"gated_run": GATED}))
    if facts.speed:
        _expect_speed(facts, found)
    return found


def cost_row(facts: Facts, table: str, row: dict[str, Any]) -> dict[str, Any]:
    """Numbers of a row; of one that the paper gives as a difference, the difference of ours."""
    start = facts.published[table]["rows"][row["to"]]["run"] if "to" in row else None
    runs = [row["run"], *([start] if start else [])]
    costs = [cost_of(facts, run) for run in runs]
    out: dict[str, Any] = {"over": start, "is_known": all(costs)}
    if not all(costs):
        return out
    counts = [params(cost) for cost in costs if cost]
    out["params"] = counts[0] - sum(counts[1:])
    for convention in ("published", "executed"):
        states = [by_state(facts, run, convention) for run in runs]
        for state in STATES:
            less = states[1][state] if start else 0.0
            out[f"{convention}_{state}"] = states[0][state] - less
    return out


def paper_costs(facts: Facts, table: str) -> list[str]:
    """Names of the cost columns that the paper's table has, without "added_"."""
    rows = facts.published[table]["rows"].values()
    names = [name.removeprefix("added_") for row in rows for name in row]
    return [name for name in dict.fromkeys(names) if name.startswith("GFLOPs")]


def _costs(facts: Facts, table: str) -> ExpectedTable:
    rows = [*facts.published[table]["rows"].values()]
    ours = [cost_row(facts, table, row) for row in rows]
    show = [gain if "to" in row else fixed for row in rows]
    known = [{k.removeprefix("added_"): v for k, v in row.items()} for row in rows]

    def printed(name: str, digits: int = 1) -> list[str]:
        cells = zip(show, ours, strict=True)
        return [f(one[name], digits) if one["is_known"] else DASH for f, one in cells]

    def papers(name: str) -> list[str]:
        return [f(row.get(name)) for f, row in zip(show, known, strict=True)]

    paper = [
        column((f"GFLOPs in the paper {n.removeprefix('GFLOPs_')}",
                f"GFLOPs paper, {n.removeprefix('GFLOPs_')}"), papers(n))
        for n in paper_costs(facts, table)
    ]  # fmt: skip
    states = [
        column((f"ours, {word} {state}", f"{convention}: {state}", state),
               printed(f"{convention}_{state}"))
        for convention, word in (("published", "convention “published”"), ("executed", "executed"))
        for state in STATES
    ]  # fmt: skip
    runs = [
        row["run"] + (f" less {one['over']}" if one["over"] else "")
        for row, one in zip(rows, ours, strict=True)
    ]
    return ExpectedTable(
        SECTION,
        [
            column("row", [row["label"] for row in rows]),
            column("AP paper", [fixed(row["AP"]) for row in rows]),
            column(f"AP {facts.profile}", [fixed(facts.mean(row["run"])) for row in rows]),
            column(("parameters, M paper", "params paper, M"), papers("params")),
            column(("parameters, M ours", "params ours, M"),
                   [text if one["is_known"] else "not run"
                    for text, one in zip(printed("params", 2), ours, strict=True)]),
            *paper,
            *states,
            column("run", runs),
        ],
    )  # fmt: skip


def _parts(facts: Facts) -> ExpectedTable:
    cost = cost_of(facts, GATED)
    assert cost is not None
    sums = {name: by_part(cost, name) for name in ("executed", "published")}
    names = list(dict.fromkeys([*cost["params"], *sums["executed"]]))
    numbers = [
        [cost["params"].get(n, 0) / M, *(sums[k].get(n, 0) / G for k in sums)] for n in names
    ]
    numbers.append([sum(one) for one in zip(*numbers, strict=True)])
    short = [n.replace(f"{TEMPORAL}.", "").replace("_", " ") for n in names]
    headings = ("parameters, M", "executed, G", "published convention, G")
    columns = [
        column(heading, [fixed(row[place], 2) for row in numbers])
        for place, heading in enumerate(headings)
    ]
    return ExpectedTable(SECTION, [column("part", [*short, "all"]), *columns])


def _public(facts: Facts) -> ExpectedTable:
    models = facts.costs.get("public", [])
    return ExpectedTable(
        SECTION,
        [
            column("public checkpoint", [one["name"] for one in models]),
            *(
                column(heading, [f"{one[name]:,}" for one in models])
                for heading, name in (
                    ("classes", "classes"),
                    ("its parameters", "parameters"),
                    ("ours in their place", "ours"),
                )
            ),
            column("difference", [one["note"] or "none" for one in models]),
        ],
    )


def _charts(facts: Facts) -> dict[str, str]:
    """Of the two charts, and of the frames that costs are of."""
    rows = facts.published["1f"]["rows"]
    points: list[str] = []
    bars: list[str] = []
    for run in (rows[name]["run"] for name in CHARTED):
        cost, shares = cost_of(facts, run), shares_of(facts, run)
        if cost is None:
            continue
        opened = shares["all"]["mean"] if shares else 0.0
        if run in facts.records:
            flops = total(cost, "published", opened)
            points.append(f"{run} AP {facts.mean(run):.1f} at {flops:.1f} G")
        bars += [f"{run}, {kind}: {total(cost, kind):.1f} G" for kind in ("published", "executed")]
    sizes = {
        f"{one['cost']['size'][1]}×{one['cost']['size'][0]}, padded to "
        f"{one['cost']['padded'][1]}×{one['cost']['padded'][0]}"
        for one in facts.costs["runs"].values()
    }
    return {
        "cost_points": "; ".join(points),
        "cost_bars": "; ".join(bars),
        "cost_size": "; ".join(sorted(sizes)),
    }


def _expect_speed(facts: Facts, found: Expected) -> None:
    settings = facts.speed["settings"]
    rows = facts.published["2"]["rows"]
    ratios = [
        f"{label} {fixed(a)} / {fixed(b)} = {fixed(a / b, 2)}"
        for label, one, other in SPEED_PAIRS
        for a, b in [(rows[one]["FPS"], rows[other]["FPS"])]
    ]
    context = {
        "speed_frames": str(settings["frames"]),
        "speed_size": f"{settings['size'][1]}×{settings['size'][0]}",
        "speed_detections": str(settings["detections"]),
        "published_ratios": "; ".join(ratios),
        "speed_devices": "; ".join(speed_points(facts)),
        "speed_points": _speeds_beside_ap(facts),
    }
    found.contexts.append((SECTION[0], context))
    for device in facts.speed["devices"]:
        found.contexts.append((SECTION[0], {"device": device["name"]}))
        found.contexts.append((SECTION[0], {"rounds": str(device["rounds"])}))
        variants = device["variants"]
        shares = {name: one.get("gated_work_done") for name, one in variants.items()}
        done = [f"{name} {fixed(100 * one)} %" for name, one in shares.items() if one is not None]
        found.contexts.append((SECTION[0], {"gated_work": "; ".join(done)}))
        names = [
            f"{name}, {way}" if (way := one.get("execution")) and way not in name else name
            for name, one in variants.items()
        ]
        columns = [
            col
            for place, heading in SPEEDS
            for col in (
                column(heading, [fixed(v[place]["fps"], 2) for v in variants.values()]),
                column("ratio to it without TPR",
                       [_ratio(v[place]["ratio"]) for v in variants.values()]),
            )
        ]  # fmt: skip
        found.tables.append(ExpectedTable(SECTION, [column(device["name"], names), *columns]))


def _speeds_beside_ap(facts: Facts) -> str:
    """Of the chart: what was measured on each device, and what is published."""
    measured = "; ".join(
        f"{name}: {'; '.join(points)}" for name, points in speed_points(facts).items()
    )
    published = "; ".join(
        f"{row['run']} AP {row['AP']:.1f} at {row['FPS']:.1f} FPS"
        for row in facts.published["2"]["rows"].values()
        if "run" in row and "FPS" in row
    )
    return f"Measured on {measured}. Published: {published}"


def _ratio(ratio: dict[str, float]) -> str:
    return "{} ({} to {})".format(*(fixed(ratio[name], 2) for name in ("median", "min", "max")))
