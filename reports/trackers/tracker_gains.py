"""What a run gains over another under each tracker, and how far this differs between trackers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.declared.tracked_pairs import TrackedPair, load_tracked
from experiments.stages.layout import Layout
from reports.claims.pairs import pair_up
from reports.records.run_record import Record, by_run, mean_metric, paired_differences
from reports.statistics.gain import Estimate, estimate
from reports.trackers.tracker_records import load_tracker_records

OWN = "masktrack"  # the tracker of every evaluation, which others are held against
ORACLE = "oracle"


@dataclass(frozen=True)
class TrackerGain:
    """Of a pair under a tracker, over the seeds that both runs have; None where there are none.

    gain: in points of AP; beside_own: less the gain under `OWN`; means: of a measure, without and
    with what is gained.
    """

    pair: TrackedPair
    tracker: str
    gain: Estimate | None
    beside_own: Estimate | None
    means: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class TrackerGains:
    gains: list[TrackerGain]
    left_out: int


MEASURES = ("AP", "HOTA", "AssA", "identity_switches")


def load_tracker_gains(layout: Layout) -> TrackerGains | None:
    """Without gains where nothing was run; None where no pairs are declared. Raises ValueError for
    a broken file."""
    pairs = load_tracked(layout.manifests).pairs
    if not pairs:
        return None
    found = load_tracker_records(layout)
    names = sorted(found.by_tracker, key=lambda name: (name != OWN, name == ORACLE, name))
    own = found.by_tracker.get(OWN, [])
    gains = [_gain(pair, name, found.by_tracker[name], own) for pair in pairs for name in names]
    return TrackerGains(gains, found.left_out)


def _gain(
    pair: TrackedPair, name: str, records: Sequence[Record], own: Sequence[Record]
) -> TrackerGain:
    gain = pair_up(records, pair.better, pair.than, "AP").estimate()
    seeds = paired_differences(records, pair.better, pair.than)
    paired = [one for one in records if one.seed in seeds]
    sides = [[one for one in paired if one.run == run] for run in (pair.than, pair.better)]
    means = {of: (mean_metric(sides[0], of), mean_metric(sides[1], of)) for of in MEASURES}
    beside = None if name == OWN else difference_of_gains(records, own, pair)
    return TrackerGain(pair, name, gain, beside, means)


def difference_of_gains(
    records: Sequence[Record], own: Sequence[Record], pair: TrackedPair
) -> Estimate | None:
    """Of a gain under one tracker and another's, seed by seed and draw by draw, so that what both
    share cancels; draw b takes the same videos for all."""
    runs = [
        by_run(some).get(run, {}) for some in (records, own) for run in (pair.better, pair.than)
    ]
    seeds = sorted(set(runs[0]).intersection(*runs[1:]))
    sides = [[some[seed] for seed in seeds] for some in runs]
    signs = np.array([1.0, -1.0, -1.0, 1.0])
    values = signs @ np.array([[one.metric("AP") for one in side] for side in sides])
    if not seeds or not np.isfinite(values).all():
        return None
    flat = [found for side in sides for one in side if (found := one.draws("AP")) is not None]
    drawn = None
    if len(flat) == 4 * len(seeds) and len({len(one) for one in flat}) == 1:
        draws = np.stack(flat).reshape(4, len(seeds), -1)
        draws = draws[..., np.isfinite(draws).all(axis=(0, 1))]
        drawn = np.einsum("k,knb->nb", signs, draws) if draws.shape[-1] > 1 else None
    return estimate(values.tolist(), drawn, sides[0][0].videos)
