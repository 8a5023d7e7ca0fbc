"""The paper's claims, each a published gain of one run over another, beside what was measured."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from experiments.declared.tables import Claim, Table
from reports.claims.pairs import Pairs, pair_up
from reports.claims.verdicts import PValues, Verdict, corrected, p_values, verdict
from reports.records.run_record import Record
from reports.statistics.gain import Estimate


@dataclass(frozen=True)
class ClaimResult:
    """A claim and our evidence; differences and intervals are in percent points of the metric.

    estimate: None where no seed of both runs has run; alone, p: the verdict on the claim by itself,
    and the p that it rests on; verdict, corrected: the same after correction for all ``tested``
    comparisons of the page. first: where the page has already shown the same comparison, the claim
    that showed it, whose verdict this one repeats.
    """

    claim: Claim
    table: Table
    pairs: Pairs
    estimate: Estimate | None
    alone: Verdict
    verdict: Verdict
    p: PValues | None = None
    corrected: PValues | None = None
    tested: int = 0
    first: "ClaimResult | None" = None

    @property
    def differences(self) -> dict[int, float]:
        return self.pairs.differences


def judge_all(chosen: Iterable[tuple[Table, list[Record]]]) -> list[ClaimResult]:
    """Every claim of every table against the table's comparable records.

    Two claims on the same measure of the same records are one comparison, which counts once.
    """
    measured = [_measure(claim, table, found) for table, found in chosen for claim in table.claims]
    distinct: dict[object, ClaimResult] = {}
    for one in measured:
        distinct.setdefault(_comparison(one), one)
    judged = {
        _comparison(one): one for one in _correct([one for one in distinct.values() if one.p])
    }
    distinct |= judged
    return [_repeat(one, distinct[_comparison(one)]) for one in measured]


def _measure(claim: Claim, table: Table, records: list[Record]) -> ClaimResult:
    pairs = pair_up(records, claim.better, claim.than, claim.compared)
    found = pairs.estimate()
    p = p_values(claim.gain, found) if found else None
    alone = verdict(claim.gain, found, p)
    return ClaimResult(claim, table, pairs, found, alone, alone, p)


def _comparison(one: ClaimResult) -> object:
    return one.claim.better, one.claim.than, one.claim.compared, one.pairs.evidence


def _correct(tested: list[ClaimResult]) -> list[ClaimResult]:
    """Comparisons with the verdicts that hold after Holm's correction for all of them."""
    both = zip(tested, corrected([one.p for one in tested if one.p]), strict=True)
    return [
        replace(
            one,
            corrected=p,
            tested=len(tested),
            verdict=verdict(one.claim.gain, one.estimate, p),
        )
        for one, p in both
    ]


def _repeat(one: ClaimResult, first: ClaimResult) -> ClaimResult:
    """The comparison's verdict, under the claim's own name."""
    is_first = one.claim is first.claim
    return first if is_first else replace(first, claim=one.claim, table=one.table, first=first)
