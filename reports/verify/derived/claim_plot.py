"""All claims in one plot: its scale, and what it says of each."""

from dataclasses import dataclass

from reports.verify.derived.claim_tables import SECTION, reach
from reports.verify.derived.claims import word_of
from reports.verify.derived.expected import Expected, ExpectedTable, column
from reports.verify.derived.outcomes import judged
from reports.verify.facts import Facts
from reports.verify.words import gain


@dataclass(frozen=True)
class Tick:
    """A mark of the scale: its place on a strip, and the gain there."""

    place: str
    label: str


def scale(most: float) -> list[Tick]:
    """At round gains, at most three to each side of 0."""
    steps = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
    step = next(one for one in steps if most < 4 * one)
    values = [k * step for k in range(-int(most / step), int(most / step) + 1)]
    digits = 0 if step >= 1 else 1
    return [Tick(x_of(value, most), gain(value, digits) if value else "0") for value in values]


def x_of(value: float, most: float) -> str:
    """On a strip with 0 in the middle, whose ends are a little beyond -most and most."""
    return f"{round(50 + 48 * value / most, 2)}%"


def expect_claim_plot(facts: Facts) -> Expected:
    """A line for each claim."""
    rows = judged(facts)
    if not rows:
        return Expected()
    labels = " ".join(tick.label for tick in scale(reach(rows)))
    seeds = [", ".join(f"{gain(g, 2)} (seed {s})" for s, g in one.gains.items()) for one in rows]
    published = [one.claim.get("expects", "") or gain(one.published) for one in rows]
    table = ExpectedTable(
        SECTION,
        [
            column("claim", [one.claim["name"] for one in rows]),
            column(f"gain in points of AP {labels}", seeds),
            column("measured", [gain(one.gain.mean if one.gain else None, 2) for one in rows]),
            column("paper", published),
            column("outcome", [word_of(facts.profile, one.verdict) for one in rows]),
        ],
    )
    return Expected([table])
