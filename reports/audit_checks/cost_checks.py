"""Checks of the published costs, on the transcription and on our costs of the same networks."""

from math import prod

from reports.audit_checks.finding import MISSING, Finding, outcome
from reports.costs.cost_frames import Costs
from reports.numbers import number, signed
from reports.paper.transcription import Paper
from tpr.cost import conventions

GIGA, MEGA = 1e9, 1e6
CHANNELS = 256  # of the pyramid
RES5 = 2048  # channels of res5
TAPS = 9  # of a 3x3 convolution
STRIDES = (8, 16, 32, 64, 128)
SIZE = (384, 640)  # 360 x 640, padded to a multiple of 32
BACKBONES = {"r50": "ResNet50", "r101": "ResNet101"}


def positions() -> int:
    """How many positions P3 to P7 have for a frame of SIZE."""
    return sum(prod(-(-side // stride) for side in SIZE) for stride in STRIDES)


def deltas_add_up(paper: Paper) -> Finding:
    start, dacr = (
        paper.value("1f", "baseline-r50", "GFLOPs_avg"),
        paper.value("1c", "dacr", "GFLOPs_avg"),
    )
    cpr = paper.value("1c", "cpr", "added_GFLOPs_avg")
    both = paper.value("1f", "tpr-r50", "added_GFLOPs_avg")
    steps = (
        f"DACR: {number(dacr)} (1c) − {number(start)} (1f) = {signed(dacr - start)} G",
        f"and CPR {signed(cpr)} (1c): {signed(dacr - start + cpr)} G; Table 1f: {signed(both)} G",
    )
    good = abs(dacr - start + cpr - both) < 0.05
    says = "The tables add up." if good else "The tables do not add up."
    return Finding(
        "DACR's and CPR's GFLOPs, and TPR's", "Tables 1c, 1f", steps, says, outcome(good)
    )


def deformable_convolutions(paper: Paper, costs: Costs) -> Finding:
    start = paper.value("1f", "baseline-r50", "GFLOPs_avg")
    added = paper.value("1c", "dacr", "GFLOPs_avg") - start
    needed = 2 * TAPS * CHANNELS**2 * positions() / GIGA
    steps = [
        f"published for DACR: {number(added + start)} − {number(start)} = {signed(added)} G",
        f"two 3×3 deformable convolutions, {CHANNELS} to {CHANNELS} channels, at the "
        f"{positions()} positions of P3 to P7: 2 × {TAPS} × {CHANNELS}² × {positions()} = "
        f"{number(needed, 2)} G, without the sampling",
    ]
    cost = costs.get("blendmask-r50+dacr")
    if cost:
        closed = conventions.added(cost, "executed", 0) / GIGA
        steps.append(
            f"all of DACR with closed gates, our count of what runs: {signed(closed, 2)} G"
        )
    good = needed <= added
    says = (
        "They fit."
        if good
        else f"They alone are {number(needed / added)} times the whole increase, so the published "
        "cost cannot contain them."
    )
    title = "DACR's deformable convolutions"
    return Finding(title, "Tables 1c, 1f", tuple(steps), says, outcome(good))


def parameters_of_one_module(paper: Paper) -> Finding:
    first, second = (paper.value("1f", f"tpr-{b}", "added_params") for b in BACKBONES)
    p6 = TAPS * CHANNELS * (RES5 - CHANNELS) / MEGA
    steps = (
        f"{signed(first)} M (ResNet50), {signed(second)} M (ResNet101): "
        f"{number(abs(second - first))} M apart",
        f"TPR reads {CHANNELS}-channel pyramids in both models, so it is one and the same module",
        f"P6 computed from res5 instead of P5 adds {TAPS} × {CHANNELS} × ({RES5} − {CHANNELS}) = "
        f"{number(p6, 2)} M",
    )
    good = abs(second - first) < 0.1
    says = (
        "Both backbones get the same module."
        if good
        else "The two cannot both be TPR's. A baseline with P6 from P5 against a TPR model with P6 "
        f"from res5 would explain the gap to within {number(abs(abs(second - first) - p6))} M."
    )
    return Finding("Parameters of TPR", "Table 1f", steps, says, outcome(good))


def backbone_difference(paper: Paper, costs: Costs) -> Finding:
    title, where = "ResNet101 less ResNet50", "Table 1f"
    runs = [f"blendmask-{b}" for b in BACKBONES]
    if any(run not in costs for run in runs):
        return missing(title, where)
    small, large = (costs[run] for run in runs)
    theirs = {n: difference(paper, n) for n in ("GFLOPs_avg", "params")}
    flops = (conventions.published(large) - conventions.published(small)) / GIGA
    params = (conventions.parameters(large) - conventions.parameters(small)) / MEGA
    steps = (
        f"GFLOPs: published {number(theirs['GFLOPs_avg'])}, ours {number(flops, 2)}",
        f"parameters: published {number(theirs['params'])} M, ours {number(params, 2)} M",
    )
    gap = theirs["GFLOPs_avg"] - flops
    says = f"Between the published GFLOPs and ours lie {number(gap, 2)} G."
    return Finding(title, where, steps, says, outcome(abs(gap) < 0.1))


def difference(paper: Paper, name: str) -> float:
    first, second = (paper.value("1f", f"baseline-{b}", name) for b in BACKBONES)
    return second - first


def implied_open_share(paper: Paper, costs: Costs) -> Finding:
    """The shares of open gates at which our count by the paper's convention equals its cost
    increases."""
    title, where = "Open gates that the published GFLOPs imply", "Table 1f"
    steps: list[str] = []
    shares: dict[tuple[str, str], float] = {}
    for backbone, name in BACKBONES.items():
        cost = costs.get(f"blendmask-{backbone}+tpr")
        if cost is None:
            return missing(title, where)
        closed = conventions.added(cost, "published", 0) / GIGA
        gated = conventions.added(cost, "published", 1) / GIGA - closed
        for part in ("min", "avg", "max"):
            theirs = paper.value("1f", f"tpr-{backbone}", f"added_GFLOPs_{part}")
            shares[name, part] = 100 * (theirs - closed) / gated
            steps.append(
                f"{name}, {part}: ({number(theirs)} − {number(closed, 2)}) / {number(gated, 2)} = "
                f"{number(shares[name, part])} %"
            )
    low, high = min(shares.values()), max(shares.values())
    says = (
        f"With {number(low)} to {number(high)} % of the gated work done, our count without the "
        "deformable convolutions gives the published increases."
    )
    return Finding(title, where, tuple(steps), says, outcome(low >= 0 and high <= 100))


def relative_cost(paper: Paper) -> Finding:
    claim = paper.text["relative-cost"]
    steps: list[str] = []
    shares: list[float] = []
    for backbone in BACKBONES:
        more = paper.value("1f", f"tpr-{backbone}", "added_GFLOPs_avg")
        start = paper.value("1f", f"baseline-{backbone}", "GFLOPs_avg")
        shares.append(100 * more / start)
        steps.append(f"{number(more)} / {number(start)} = {number(shares[-1])} %")
    rounded = [round(min(shares), 1), round(max(shares), 1)]
    good = rounded == [claim["low"], claim["high"]]
    says = f"Rounded, {number(rounded[0])} to {number(rounded[1])} %."
    if min(shares) > 0:
        says += " It is an increase: the sentence calls it lower complexity."
    where = f"§{claim['section']}, Table 1f"
    return Finding(
        f"“{claim['quote']}”", where, tuple(steps), says, outcome(good and min(shares) < 0)
    )


def fewer_overhead(paper: Paper) -> Finding:
    claim = paper.text["fewer-overhead"]
    added = {
        f"{name}, {part}": paper.value("1f", f"tpr-{b}", f"added_GFLOPs_{part}")
        for b, name in BACKBONES.items()
        for part in ("min", "avg", "max")
    }
    steps = tuple(f"{name}: {signed(value)} G" for name, value in added.items())
    more = sum(value > 0 for value in added.values())
    says = f"{more} of {len(added)} published costs are above the baseline's."
    where = f"§{claim['section']}, Table 1f"
    return Finding(f"“{claim['quote']}”", where, steps, says, outcome(not more))


def frames_per_second(paper: Paper, costs: Costs) -> Finding:
    claim = paper.text["little-drop"]
    steps: list[str] = []
    drops: dict[str, float] = {}
    for name, (slow, fast) in SPEEDS.items():
        without, routed = (paper.value("2", row, "FPS") for row in (fast, slow))
        drops[name] = 100 * (1 - routed / without)
        steps.append(
            f"{name}: {number(without)} to {number(routed)} FPS, −{number(drops[name], 0)} %, "
            f"{number(1000 / routed - 1000 / without)} ms more a frame"
        )
    flops = 100 * paper.value("1f", "tpr-r50", "added_GFLOPs_avg")
    flops /= paper.value("1f", "baseline-r50", "GFLOPs_avg")
    steps.append(f"published GFLOPs: {signed(flops)} %")
    cost = costs.get("blendmask-r50+tpr")
    if cost:
        base = conventions.executed(cost) - conventions.added(cost, "executed")
        ours = 100 * conventions.added(cost, "executed", 0) / base
        steps.append(f"executed, our count, all gates closed: {signed(ours)} %")
    slower = [d for d in drops.values() if d > flops]
    says = f"{len(slower)} of {len(drops)} models lose more speed than the published GFLOPs add."
    where = f"§{claim['section']}, Tables 1f, 2"
    return Finding(f"“{claim['quote']}”", where, tuple(steps), says, outcome(not slower))


SPEEDS = {"BlendMask": ("blendmask-tpr", "blendmask"), "SipMask": ("sipmask-tpr", "sipmask")}


def depths_and_levels(paper: Paper) -> Finding:
    rows, levels = paper.text["depth"], paper.text["levels"]
    count = levels["last"] - levels["first"] + 1
    depths = rows["rows"]
    steps = (
        f"“{rows['quote']}”: {len(depths)} depths",
        f"“{levels['quote']}”: {count} levels",
    )
    good = len(depths) == count
    says = f"{count} levels and {len(depths)} depths"
    says += "." if good else ": here the last level, P7, gets DACR and no row of its own."
    return Finding("Routing depths and levels", "§3.1, §3.2", steps, says, outcome(good))


def missing(title: str, where: str) -> Finding:
    return Finding(title, where, (), "Needs costs: ./run_all.sh 1f", MISSING)


def cost_findings(paper: Paper, costs: Costs) -> list[Finding]:
    """All checks of costs and speed; those without measured costs say so."""
    return [
        deformable_convolutions(paper, costs),
        implied_open_share(paper, costs),
        parameters_of_one_module(paper),
        backbone_difference(paper, costs),
        frames_per_second(paper, costs),
        relative_cost(paper),
        fewer_overhead(paper),
        depths_and_levels(paper),
        deltas_add_up(paper),
    ]
