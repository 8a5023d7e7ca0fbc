"""AP lost to each kind of error, tracking and HOTA by run: expected table and sentence."""

import math
from collections import Counter

from reports.verify.derived.difficulty_tables import base_of
from reports.verify.derived.expected import Expected, ExpectedTable, column
from reports.verify.facts import Facts, Record, mean
from reports.verify.words import fixed, gain, is_known

SECTION = ("What kind of error",)
LOSSES = {
    "lost_classification": "classification",
    "lost_duplicate": "duplicates",
    "lost_spatial": "masks",
    "lost_temporal": "association",
    "lost_both": "both category and place",
    "lost_background": "background",
    "lost_missed": "missed objects",
}
COUNTS = {"identity_switches": "identity switches", "fragmentations": "fragmentations"}
TRACKING = {name: name for name in ("HOTA", "DetA", "AssA", "IDF1")}
Values = dict[str, dict[int, float]]  # by run and seed


def expect_errors(facts: Facts) -> Expected:
    """Of the records that know what AP is lost to."""
    known: dict[str, dict[int, Record]] = {}
    for record in facts.shown:
        if all(is_known(record.value(name)) for name in LOSSES):
            known.setdefault(record.run, {})[record.seed] = record
    if not known:
        return Expected()
    columns = [
        column(heading, _cells(known, name))
        for name, heading in (LOSSES | COUNTS | TRACKING).items()
    ]
    return Expected(
        [ExpectedTable(SECTION, [column("run", [*known]), *columns])],
        [(SECTION[0], {"error_sentence": _sentence(known)})],
    )


def _values(known: dict[str, dict[int, Record]], name: str) -> Values:
    return {run: {s: one.value(name) for s, one in seeds.items()} for run, seeds in known.items()}


def _cells(known: dict[str, dict[int, Record]], name: str) -> list[str]:
    """Means, with the difference to the image model where there is one."""
    values, digits = _values(known, name), 0 if name in COUNTS else 1
    cells: list[str] = []
    for run, seeds in values.items():
        base = base_of(run, values)
        other = values[base] if base else {}
        gaps = [seeds[s] - other[s] for s in sorted({*seeds} & {*other})]
        gaps = [gap for gap in gaps if math.isfinite(gap)]
        change = f" {gain(mean(gaps), digits)}" if gaps else ""
        cells.append(fixed(mean([*seeds.values()]), digits) + change)
    return cells


def _sentence(known: dict[str, dict[int, Record]]) -> str:
    lost = {name: _values(known, name) for name in LOSSES}
    means = {run: {n: mean([*lost[n][run].values()]) for n in LOSSES} for run in known}
    worst = Counter(max(own, key=own.__getitem__) for own in means.values())
    name, count = worst.most_common(1)[0]
    ends = sorted(own[name] for own in means.values())
    return (
        f"Of all kinds most AP is lost to {LOSSES[name]} in {count} of {len(means)} runs: "
        f"{fixed(ends[0])} to {fixed(ends[-1])} points, over all runs."
    )
