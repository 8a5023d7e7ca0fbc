"""Why our costs differ from the published ones, in sentences computed from both."""

from collections.abc import Sequence

from reports.costs.cost_frames import GIGA, MEGA, Costs, mean_shares, open_shares
from reports.numbers import number, signed
from reports.paper.transcription import Cells, Paper
from reports.records.run_record import Record
from tpr.cost import conventions
from tpr.cost.conventions import Cost

LARGE = 5.0  # percent: larger differences are explained by parts


def differences(paper: Paper, costs: Costs, records: Sequence[Record]) -> list[str]:
    """A paragraph for every row of Table 1(f) whose costs we have."""
    lines: list[str] = []
    for cells in paper.rows("1f").values():
        cost = costs.get(cells["run"])
        if cost and "to" in cells:
            lines += [_parameters(cells, cost), _increase(cells, cost, records)]
        elif cost:
            lines.append(_baseline(cells, cost))
    return lines


def relative(ours: float, theirs: float) -> float:
    """Difference in percent of theirs."""
    return 100 * (ours - theirs) / theirs


def _baseline(cells: Cells, cost: Cost) -> str:
    params = conventions.parameters(cost) / MEGA
    seen, done = conventions.published(cost) / GIGA, conventions.executed(cost) / GIGA
    dead = {part: sum(cost["macs"][part].values()) / GIGA for part in cost["dead"]}
    parts = ", ".join(f"{part} {number(value, 2)} G" for part, value in dead.items())
    return (
        f"{cells['label']}: {number(params, 2)} M parameters against {number(cells['params'])} M "
        f"({signed(relative(params, cells['params']))} %); {number(seen, 2)} G under the published "
        f"convention against {number(cells['GFLOPs_avg'])} G "
        f"({signed(relative(seen, cells['GFLOPs_avg']))} %). Executed are {number(done, 2)} G: "
        f"the published convention leaves out {parts}, and norms, resizing and sampling."
    )


def _parameters(cells: Cells, cost: Cost) -> str:
    ours, theirs = conventions.added_parameters(cost) / MEGA, cells["added_params"]
    gap = ours - theirs
    parts = _temporal({part: n / MEGA for part, n in cost["params"].items()})
    text = (
        f"{cells['label']}: {signed(ours, 2)} M parameters against {signed(theirs)} M "
        f"({signed(relative(ours, theirs))} %)"
    )
    if abs(relative(ours, theirs)) <= LARGE:
        return text + "."
    nearest = min(parts, key=lambda part: abs(parts[part] - abs(gap)))
    return (
        f"{text}: {_listed(parts, 'M')}. The difference is {signed(gap, 2)} M; the part of ours "
        f"nearest to that size is {nearest} ({number(parts[nearest], 2)} M)."
    )


def _increase(cells: Cells, cost: Cost, records: Sequence[Record]) -> str:
    """GFLOPs of a TPR row under both conventions, and the parts that they are the sum of."""
    closed, opened = (conventions.added(cost, "published", x) / GIGA for x in (0, 1))
    theirs = cells["added_GFLOPs_avg"]
    needed = 100 * (theirs - closed) / (opened - closed)
    kinds = {gate.replace("_", " "): n / GIGA for gate, n in cost["gates"].items()}
    products = {p: k.get(conventions.PRODUCTS, 0) / GIGA for p, k in cost["macs"].items()}
    deformable = sum(
        k.get("deformable convolutions", 0) / GIGA
        for part, k in cost["macs"].items()
        if conventions.is_temporal(part)
    )
    return (
        f"{cells['label']}, published convention: {signed(closed, 2)} G with closed gates, "
        f"{signed(opened, 2)} G with open ones, against {signed(theirs)} G on average"
        f"{_trained(cells['run'], cost, theirs, records)}. Convolutions by part, gates open: "
        f"{_listed(_temporal(products), 'G')}. Of these gates control {_listed(kinds, 'G')}; the "
        f"published average is met with {number(needed)} % of that open. Not in it: deformable "
        f"convolutions, {number(deformable, 2)} G whatever the gates do."
    )


def _trained(run: str, cost: Cost, theirs: float, records: Sequence[Record]) -> str:
    shares = open_shares(records, run)
    if shares is None:
        return " (share of open gates: not run)"
    ours = conventions.added(cost, "published", mean_shares(cost, shares)) / GIGA
    share = 100 * shares["all"]["mean"]
    return (
        f", and {signed(ours, 2)} G ({signed(relative(ours, theirs))} %) with the "
        f"{number(share)} % that are open here on average"
    )


def _temporal(parts: dict[str, float]) -> dict[str, float]:
    """The parts of the temporal module, by short names."""
    start = f"{conventions.TEMPORAL}."
    inside = {part: value for part, value in parts.items() if conventions.is_temporal(part)}
    return {part.removeprefix(start).replace("_", " "): v for part, v in inside.items() if v}


def _listed(parts: dict[str, float], unit: str) -> str:
    """As "merge 0.67 G, ..."; parts that round to 0.00 are left out."""
    shown = {part: number(value, 2) for part, value in parts.items() if value >= 0.005}
    return ", ".join(f"{part} {text} {unit}" for part, text in shown.items())
