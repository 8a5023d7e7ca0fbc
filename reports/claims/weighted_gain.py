"""A sum of gains at several places with fixed weights, as a slope over doses is one."""

from collections.abc import Sequence

import numpy as np

from reports.claims.pairs import common_draws
from reports.records.run_record import Record
from reports.statistics.confidence import Array
from reports.statistics.gain import Estimate, estimate


def weighted_gain(
    at: Sequence[Sequence[Record]], weights: Array, run: str, baseline: str
) -> Estimate | None:
    """Of records by place, over the seeds that both runs have at all places; None without any.

    The sum is taken seed by seed and draw by draw, so that its errors over seeds and videos are
    estimated as a gain's. Draw b takes the same videos at all places.
    """
    found = [{(one.run, one.seed): one for one in some} for some in at]
    whole = set[tuple[str, int]].intersection(*(set(some) for some in found))
    seeds = sorted(seed for name, seed in whole if name == run and (baseline, seed) in whole)
    if not seeds:
        return None
    flat = [some[one, seed] for one in (run, baseline) for seed in seeds for some in found]
    shape = 2, len(seeds), len(weights)
    metric = np.array([one.metric("AP") for one in flat]).reshape(shape)
    values = (metric[0] - metric[1]) @ weights
    if not np.isfinite(values).all():
        return None
    draws = common_draws(flat, "AP")
    if draws is not None:
        drawn = draws.reshape(*shape, -1)
        draws = np.einsum("spb,p->sb", drawn[0] - drawn[1], weights)
    return estimate(values.tolist(), draws, flat[0].videos)
