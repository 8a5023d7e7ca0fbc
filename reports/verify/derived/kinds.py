"""What claims on kinds of errors and on hard videos came to: the sentences above their table."""

from reports.verify.derived.claim_tables import MEASURES
from reports.verify.derived.claims import NOT_RUN, Judged, wording
from reports.verify.derived.expected import Context, Expected
from reports.verify.derived.outcomes import judged
from reports.verify.facts import Facts
from reports.verify.words import gain


def expect_kinds(facts: Facts) -> Expected:
    contexts: list[tuple[str, Context]] = []
    for one in judged(facts):
        if one.claim.get("measure") and one.verdict[0] != NOT_RUN:
            contexts.append((one.table.paper, {"kind_claim": _sentence(facts.profile, one)}))
    return Expected([], contexts)


def _sentence(profile: str, one: Judged) -> str:
    assert one.gain is not None
    ends = f" ({' to '.join(gain(end, 2) for end in one.gain.bounds)})" if one.gain.bounds else ""
    what = MEASURES[one.claim["measure"]]
    outcome = wording(profile, one.verdict)
    return f"{one.claim['name']}: {what} {gain(one.gain.mean, 2)}{ends}, {outcome}."
