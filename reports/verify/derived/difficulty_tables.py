"""AP of easy and hard parts of the validation data: expected tables, the chart's description."""

from typing import Any

from reports.verify.derived.expected import Expected, ExpectedTable, column
from reports.verify.facts import Facts, mean
from reports.verify.words import fixed, gain, is_known

SECTION = ("Where the gain is",)
NAMES = {
    "overlap": "overlap of objects",
    "scale_change": "change of scale",
    "degradation": "degradation",
    "frames": "single frames",
}
CHARTED_FRAMES = ("first", "clean", "degraded")
Part = tuple[str, str]  # grouping and name
Aps = dict[Part, dict[str, dict[int, float]]]  # by run and seed, in percent


def parts_of(facts: Facts) -> tuple[dict[Part, dict[str, Any]], Aps]:
    """The parts that the latest record knows, and AP of all records that know the same."""
    knowing = [one for one in facts.shown if one.metrics.get("difficulty")]
    if not knowing:
        return {}, {}
    finished = [one.raw["evaluate"].get("finished", "") for one in knowing]
    wanted = _parts(knowing[finished.index(max(finished))].metrics["difficulty"])
    aps: Aps = {part: {} for part in wanted}
    for record in knowing:
        own = _parts(record.metrics["difficulty"])
        if [_without_ap(one) for one in own.values()] == [_without_ap(o) for o in wanted.values()]:
            for part, one in own.items():
                value = float("nan") if one["AP"] is None else one["AP"]
                aps[part].setdefault(record.run, {})[record.seed] = value
    return wanted, aps


def _parts(recorded: dict[str, list[dict[str, Any]]]) -> dict[Part, dict[str, Any]]:
    return {(grouping, one["name"]): one for grouping, groups in recorded.items() for one in groups}


def _without_ap(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != "AP"}


def base_of(run: str, runs: dict[str, dict[int, float]]) -> str | None:
    start = run.split("+")[0]
    return start if start != run and start in runs else None


def part_gains(aps: dict[str, dict[int, float]], better: str, than: str) -> list[float]:
    """By seed, those that are defined."""
    one, other = aps.get(better, {}), aps.get(than, {})
    gaps = [one[seed] - other[seed] for seed in sorted({*one} & {*other})]
    return [gap for gap in gaps if is_known(gap)]


def expect_difficulty(facts: Facts) -> Expected:
    parts, aps = parts_of(facts)
    found = Expected()
    for title, of_frames in (("Videos", False), ("Frames", True)):
        own = [part for part in parts if (part[0] == "frames") == of_frames]
        if own:
            runs = [*aps[own[0]]]
            columns = [
                column((heading(part, parts[part]),), [_cell(aps[part], run) for run in runs])
                for part in own
            ]
            first = column(("run", title), runs)
            found.tables.append(ExpectedTable(SECTION, [first, *columns]))
    pairs = headline_pairs(facts)
    charted = [part for part in parts if part[0] != "frames" or part[1] in CHARTED_FRAMES]
    lines = [
        f"{better}: " + ", ".join(
            f"{label(part, parts[part])} {gain(mean(gaps))}"
            for part in charted
            if (gaps := part_gains(aps[part], better, than))
        )
        for better, than in pairs
        if any(part_gains(aps[part], better, than) for part in charted)
    ]  # fmt: skip
    found.contexts.append((SECTION[0], {"part_gains": "; ".join(lines)}))
    return found


def _cell(aps: dict[str, dict[int, float]], run: str) -> str:
    defined = [value for value in aps[run].values() if is_known(value)]
    base = base_of(run, aps)
    gaps = part_gains(aps, run, base) if base else []
    return fixed(mean(defined)) + (f" {gain(mean(gaps))}" if gaps else "")


def heading(part: Part, one: dict[str, Any]) -> str:
    held = amounts(part[0], one)
    size = f"{held} ({one['size']})" if held else str(one["size"])
    return f"{NAMES[part[0]]} {part[1].replace('_', ' ')} {size}"


def label(part: Part, one: dict[str, Any]) -> str:
    held = amounts(part[0], one)
    return f"{NAMES[part[0]]}, {part[1].replace('_', ' ')}" + (f" ({held})" if held else "")


def amounts(grouping: str, one: dict[str, Any]) -> str:
    """Overlap in percent, scale as a factor, severity as it is."""
    if one.get("low") is None:
        return ""
    factor, digits, before, after = {
        "overlap": (100, 0, "", " %"),
        "scale_change": (1, 1, "×", ""),
        "degradation": (1, 2, "", ""),
    }[grouping]
    ends = [fixed(factor * one[name], digits) for name in ("low", "high")]
    return before + "–".join(dict.fromkeys(ends)) + after


def headline_pairs(facts: Facts) -> list[tuple[str, str]]:
    """For each image model TPR over it, where tables have both; else the claim of the largest
    published gain in AP over it, or one that expects more without a number."""
    best: dict[str, tuple[float, str]] = {}
    for claim in (claim for table in facts.tables for claim in table.claims):
        published = claim.get("published_gain", 0.0)
        rises = published > 0 or claim.get("expects") == "more"
        if claim.get("measure", claim["metric"]) == "AP" and "+" not in claim["than"] and rises:
            found = published, claim["better"]
            best[claim["than"]] = max(best.get(claim["than"], found), found)
    shown = [row.run for table in facts.tables for row in table.rows]
    with_tpr = {run.removesuffix("+tpr") for run in shown if run.endswith("+tpr")} & {*shown}
    return [
        (f"{than}+tpr" if than in with_tpr else better, than) for than, (_, better) in best.items()
    ]
