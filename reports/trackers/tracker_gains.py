"""What a run gains over another under each tracker, how far this differs between trackers, and
which part of it is of detection, of masks and of association."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from experiments.declared.tracked_pairs import TrackedPair, load_tracked
from experiments.stages.json_files import canonical
from experiments.stages.layout import Layout
from reports.claims.pairs import pair_up
from reports.records.run_record import Record, by_run, mean_metric, paired_differences
from reports.statistics.gain import Estimate, estimate
from reports.trackers.tracker_records import load_tracker_records

OWN = "masktrack"  # the tracker of every evaluation, which others are held against
# what no tracker could do: true identities, also without false detections, also with true masks
TRUE_IDS, ORACLE, TRUE_MASKS = "true-ids", "oracle", "true-masks"
BOUNDS = (TRUE_IDS, ORACLE, TRUE_MASKS)


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
class GainParts:
    """A pair's gain under `OWN` as a sum of three.

    detection: the gain with true identities and true masks, by what is found, how it is classified
    and scored; masks: what is more with true identities alone; association: what is more under
    `OWN`.
    """

    pair: TrackedPair
    seeds: list[int]
    videos: int
    gain: Estimate
    detection: Estimate
    masks: Estimate
    association: Estimate

    @property
    def parts(self) -> dict[str, Estimate]:
        return {
            "detection": self.detection,
            "masks": self.masks,
            "association": self.association,
        }


@dataclass(frozen=True)
class TrackerGains:
    """gains: of pairs that were run; parts: of those, where all are known; not_run: the others'
    better runs; left_out: files of other videos or settings; sources: digests of the files by
    name."""

    gains: list[TrackerGain]
    parts: list[GainParts]
    not_run: list[str]
    left_out: int
    sources: dict[str, str]


MEASURES = ("AP", "HOTA", "AssA", "identity_switches")


def load_tracker_gains(layout: Layout) -> TrackerGains | None:
    """Without gains where nothing was run; None where no pairs are declared. Raises ValueError for
    a broken file."""
    pairs = load_tracked(layout.manifests).pairs
    if not pairs:
        return None
    found = load_tracker_records(layout)
    names = sorted(found.by_tracker, key=lambda name: (name != OWN, name in BOUNDS, name))
    own = found.by_tracker.get(OWN, [])
    gains = [_gain(pair, name, found.by_tracker[name], own) for pair in pairs for name in names]
    known = [one for one in gains if one.gain]
    run = {one.pair.better for one in known}
    return TrackerGains(
        known,
        [parts for pair in pairs if (parts := _parts(pair, found.by_tracker))],
        [pair.better for pair in pairs if pair.better not in run],
        found.left_out,
        _digests(found.by_tracker),
    )


def _digests(by_tracker: Mapping[str, Sequence[Record]]) -> dict[str, str]:
    """Of what all trackers made of a run's detections."""
    made: dict[str, list[str]] = {}
    for name in sorted(by_tracker):
        for record in by_tracker[name]:
            made.setdefault(f"{record.name}, trackers", []).append(f"{name} {record.measured}")
    return {name: sha256(canonical(found).encode()).hexdigest() for name, found in made.items()}


def _parts(pair: TrackedPair, by_tracker: Mapping[str, Sequence[Record]]) -> GainParts | None:
    own, true_ids, true_masks = (by_tracker.get(x, []) for x in (OWN, TRUE_IDS, TRUE_MASKS))
    whole, found = (pair_up(some, pair.better, pair.than, "AP") for some in (own, true_masks))
    gain, detection = whole.estimate(), found.estimate()
    masks = difference_of_gains(true_ids, true_masks, pair)
    association = difference_of_gains(own, true_ids, pair)
    if not (gain and detection and masks and association):
        return None
    seeds = list(whole.differences)
    return GainParts(pair, seeds, whole.videos, gain, detection, masks, association)


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
