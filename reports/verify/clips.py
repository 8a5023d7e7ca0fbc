"""The clips that a pair of runs differs on most: AP of single videos, from kept matches."""

from collections.abc import Iterable

import numpy as np

from reports.verify.check import Finding
from reports.verify.facts import Facts, Json, Record
from reports.verify.pictures import notes
from reports.verify.recounted.matches import Array, Kept, read_kept
from reports.verify.recounted.recount import ap_by_category, mean_defined
from reports.verify.words import fixed, gain

SHOWING = ("clips", "tracks-")  # notes of figures that name these clips
AT_ONCE = 40  # videos; of all at once the predictions of all would be weighed for each


def check_clips(facts: Facts) -> Iterable[Finding]:
    """Of figures whose evaluations both kept their matches."""
    records = {record.name: record for record in facts.shown}
    for name, note in notes(facts).items():
        if not name.startswith(SHOWING):
            continue
        pair = [kept for source in note["sources"] if (kept := kept_of(records.get(source)))]
        if len(pair) == len(note["sources"]) == 2:
            yield from _check_note(name, note, pair)


def kept_of(record: Record | None) -> Kept | None:
    if record is None or "matches" not in record.raw["evaluate"]:
        return None
    path = record.path.with_suffix(".npz.xz")
    return read_kept(path) if path.is_file() else None


def _check_note(name: str, note: Json, pair: list[Kept]) -> Iterable[Finding]:
    aps = [video_aps(one) for one in pair]
    both = np.isfinite(aps[0]) & np.isfinite(aps[1])
    gaps = np.where(both, aps[1] - aps[0], 0.0)
    chosen = (("gain", int(np.argmax(gaps))), ("loss", int(np.argmin(gaps))))
    for word, place in chosen:
        if not both[place]:
            continue
        weaker, stronger = aps[0][place], aps[1][place]
        change = gain(stronger - weaker)
        wanted = f"largest {word}: AP {fixed(weaker)} and {fixed(stronger)}, {change}"
        text = f"{note['alt']} {note['caption']}"
        if name == "clips":
            wanted = f"video {pair[0].about['videos'][place]}, {wanted}"
        if wanted not in text:
            yield Finding(f"figures/{name}.json", f"largest {word}", text[:200], wanted)


def video_aps(kept: Kept) -> Array:
    """(V,) AP in percent of each video alone, NaN without true objects."""
    each = np.eye(len(kept.about["videos"]))
    categories = len(kept.about["categories"])
    aps = [
        ap_by_category(kept.tracks, each[start : start + AT_ONCE], categories)
        for start in range(0, len(each), AT_ONCE)
    ]
    return np.array([100 * mean_defined(row) for row in np.concatenate(aps)])
