"""Claims as a data frame: what results/<profile>/tables/claims.csv holds."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from collections.abc import Sequence

import pandas as pd

from reports.claims.judging import ClaimResult
from reports.claims.verdicts import wording
from reports.records.run_record import NAN

COLUMNS = (
    "table", "claim", "better", "than", "metric", "published_gain", "expects", "gain",
    "low", "high", "se_seeds", "se_videos", "p_none", "p_half", "seeds", "outcome",
)  # fmt: skip


def claims_frame(profile: str, results: Sequence[ClaimResult]) -> pd.DataFrame:
    """A row for every claim, in points of the metric; NaN is unknown.

    low, high: the 90 % interval; p_none, p_half: after Holm's correction; seeds: how many.
    """
    return pd.DataFrame([_row(profile, one) for one in results], columns=[*COLUMNS]).round(6)


def _row(profile: str, one: ClaimResult) -> tuple[object, ...]:
    claim, found, p = one.claim, one.estimate, one.corrected
    low, high = (found and found.bounds) or (NAN, NAN)
    variances = (found.seed_variance, found.video_variance) if found else (None, None)
    published = NAN if claim.published_gain is None else claim.published_gain
    return (
        one.table.id,
        claim.name,
        claim.better,
        claim.than,
        claim.compared,
        published,
        claim.expects,
        found.mean if found else NAN,
        low,
        high,
        *(NAN if v is None else v**0.5 for v in variances),
        p.none if p else NAN,
        p.half if p else NAN,
        len(one.differences),
        wording(profile, one.verdict),
    )
