"""How far two orders of the same things agree."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

import math
from collections.abc import Sequence
from typing import Any

from scipy import stats


def kendall(published: Sequence[float], measured: Sequence[float]) -> tuple[float, float] | None:
    """Kendall's tau-b of two orders and its two-sided p; None for fewer than three or all equal."""
    if len(published) < 3:
        return None
    found: Any = stats.kendalltau(published, measured)
    tau, p = float(found.statistic), float(found.pvalue)
    return None if math.isnan(tau) else (tau, p)
