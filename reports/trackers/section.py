"""The section on trackers: its table in cells, and its sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.numbers import NOTHING, number, signed
from reports.statistics.intervals import interval, leaning, with_interval
from reports.trackers.tracker_gains import BOUNDS, OWN, GainParts, TrackerGain, TrackerGains


@dataclass(frozen=True)
class TrackerRow:
    """A run under a tracker; gains with their intervals, switches without and with."""

    run: str
    tracker: str
    without: str
    with_it: str
    gain: str
    bounds: str
    beside: str
    beside_bounds: str
    HOTA: str
    AssA: str
    switches: str


@dataclass(frozen=True)
class TrackerSection:
    """Without rows where nothing was run; command: what runs it; answers: to the question of the
    section's heading, a sentence for each pair."""

    command: str
    own: str
    rows: list[TrackerRow]
    answers: list[str]
    sentences: list[str]


def tracker_section(profile: str, found: TrackerGains) -> TrackerSection:
    sentences = [_difference_sentence(found.gains), _not_run(found), _left_out(found.left_out)]
    return TrackerSection(
        f"./run_all.sh trackers --profile {profile}",
        OWN,
        [_row(one) for one in found.gains],
        [answer(one) for one in found.parts],
        [one for one in sentences if one],
    )


def answer(one: GainParts) -> str:
    """Whether a gain is of detection, of masks or of association."""
    count = "seed" if len(one.seeds) == 1 else "seeds"
    seeds = ", ".join(map(str, one.seeds))
    parts = ", ".join(f"{with_interval(part)} by {name}" for name, part in one.parts.items())
    sure = [name for name, part in one.parts.items() if leaning(part)]
    return (
        f"Over {count} {seeds} and {one.videos} videos, {one.pair.better} changes the AP of "
        f"{one.pair.than} by {with_interval(one.gain)}: {parts}. "
        f"Of these three, told from zero by its interval: {', '.join(sure) or 'none'}."
    )


def _row(one: TrackerGain) -> TrackerRow:
    without, with_it = one.means["AP"]
    switches = [number(value, 0) for value in one.means["identity_switches"]]
    return TrackerRow(
        run=one.pair.better,
        tracker=one.tracker,
        without=number(without),
        with_it=number(with_it),
        gain=signed(one.gain.mean) if one.gain else NOTHING,
        bounds=interval(one.gain) or NOTHING,
        beside=signed(one.beside_own.mean) if one.beside_own else NOTHING,
        beside_bounds=interval(one.beside_own) or NOTHING,
        HOTA=_change(one, "HOTA"),
        AssA=_change(one, "AssA"),
        switches=" to ".join(switches),
    )


def _change(one: TrackerGain, measure: str) -> str:
    without, with_it = one.means[measure]
    return signed(with_it - without)


def _difference_sentence(known: Sequence[TrackerGain]) -> str:
    """How many gains differ from that under the evaluation's own tracker."""
    rivals = [one.beside_own for one in known if one.tracker not in BOUNDS and one.beside_own]
    if not rivals:
        return ""
    sides = [leaning(one) for one in rivals]
    larger, smaller = sides.count(1), sides.count(-1)
    return (
        f"Of {len(rivals)} gains under another tracker, {larger} are larger and {smaller} smaller "
        f"than under {OWN} by intervals that leave out zero."
    )


def _not_run(found: TrackerGains) -> str:
    return f"Not run here: {', '.join(found.not_run)}." if found.not_run else ""


def _left_out(count: int) -> str:
    return f"Files of other videos or settings than the latest, left out: {count}." if count else ""
