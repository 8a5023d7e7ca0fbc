"""What runs are said to reach: the sentences, from their records, which also stand first."""

from reports.verify.derived.expected import Context, Expected
from reports.verify.derived.gain_statistics import estimate
from reports.verify.facts import Facts, Json, Record
from reports.verify.recounted.recorded_draws import common_draws
from reports.verify.words import fixed


def expect_levels(facts: Facts) -> Expected:
    contexts: list[tuple[str, Context]] = []
    for table in facts.tables:
        for level in table.levels:
            records = list(facts.records.get(level["run"], {}).values())
            said: Context = {"level": _sentence(level, records)}
            contexts += [("", said), (table.paper, said)]
    return Expected([], contexts)


def _sentence(level: Json, records: list[Record]) -> str:
    start = f"{level['name']}: AP of {level['run']} at least {fixed(level['at_least'], 1)}: "
    if not records:
        return f"{start}not run."
    videos = int(records[0].metrics["videos"])
    one = estimate([record.value("AP") for record in records], common_draws(records), videos)
    ends, word = "", "not resolved"
    if one.bounds:
        low, high = one.bounds
        ends = f" ({fixed(low, 1)} to {fixed(high, 1)})"
        if one.seed_error is not None and low >= level["at_least"]:
            word = "holds"
        if one.seed_error is not None and high < level["at_least"]:
            word = "does not hold"
    seeds = "1 seed" if one.seeds == 1 else f"{one.seeds} seeds"
    return f"{start}{fixed(one.mean, 1)}{ends}, {videos} videos, {seeds}: {word}."
