"""The section on trackers: its table in cells, and its sentences."""

from dataclasses import dataclass

from reports.numbers import NOTHING, number, signed
from reports.statistics.gain import Estimate
from reports.trackers.tracker_gains import ORACLE, OWN, TrackerGain, TrackerGains

NOT_RUN = "not run"


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
    """Without rows where nothing was run; command: what runs it."""

    command: str
    own: str
    rows: list[TrackerRow]
    sentences: list[str]


def tracker_section(profile: str, found: TrackerGains) -> TrackerSection:
    known = [one for one in found.gains if one.gain]
    sentences = [_difference_sentence(known), _oracle_sentence(known), _left_out(found.left_out)]
    return TrackerSection(
        f"./run_all.sh trackers --profile {profile}",
        OWN,
        [_row(one) for one in found.gains] if known else [],
        [one for one in sentences if one],
    )


def _row(one: TrackerGain) -> TrackerRow:
    without, with_it = one.means["AP"]
    switches = [number(value, 0) for value in one.means["identity_switches"]]
    return TrackerRow(
        run=one.pair.better,
        tracker=one.tracker,
        without=number(without),
        with_it=number(with_it),
        gain=signed(one.gain.mean) if one.gain else NOT_RUN,
        bounds=_bounds(one.gain),
        beside=signed(one.beside_own.mean) if one.beside_own else NOTHING,
        beside_bounds=_bounds(one.beside_own),
        HOTA=_change(one, "HOTA"),
        AssA=_change(one, "AssA"),
        switches=" to ".join(switches) if one.gain else NOTHING,
    )


def _change(one: TrackerGain, measure: str) -> str:
    without, with_it = one.means[measure]
    return signed(with_it - without)


def _bounds(one: Estimate | None) -> str:
    ends = one.bounds if one else None
    return f"{signed(ends[0])} to {signed(ends[1])}" if ends else NOTHING


def _difference_sentence(known: list[TrackerGain]) -> str:
    """How many gains differ from that under the evaluation's own tracker."""
    ends = [one.beside_own.bounds for one in known if one.beside_own]
    if not ends:
        return ""
    larger = sum(one is not None and one[0] > 0 for one in ends)
    smaller = sum(one is not None and one[1] < 0 for one in ends)
    return (
        f"Of {len(ends)} gains under another tracker, {larger} are larger and {smaller} smaller "
        f"than under {OWN} by intervals that leave out zero."
    )


def _oracle_sentence(known: list[TrackerGain]) -> str:
    """The gain that is left where no tracker errs: of detection and masks alone."""
    gains = [(one, one.gain) for one in known if one.tracker == ORACLE and one.gain]
    told = [f"{signed(gain.mean)} ({_bounds(gain)}) by {one.pair.better}" for one, gain in gains]
    if not told:
        return ""
    return f"With true identities, by detection and masks alone, AP gains {', '.join(told)}."


def _left_out(count: int) -> str:
    return f"Files of other videos or settings than the latest, left out: {count}." if count else ""
