"""Records that cannot be the evaluations that they claim to be: two seeds with one outcome.

The bootstrap draws of an evaluation on many videos are a fingerprint of its tracks, which no two
trainings share. Where two seeds have the same draws, one was evaluated with the other's weights or
copied; as nothing tells which, neither is used.
"""

from collections.abc import Sequence

import numpy as np

from reports.records.run_record import Record

TELLING = 100  # distinct draws: with few videos two different trainings may have the same ones


def without_copies(records: Sequence[Record]) -> tuple[list[Record], list[str]]:
    """The records whose draws of AP differ from those of every other seed, and lines naming the
    rest."""
    alike: dict[bytes, list[Record]] = {}
    for record in records:
        draws = record.draws("AP")
        if draws is not None and len(np.unique(draws)) >= TELLING:
            alike.setdefault(draws.tobytes(), []).append(record)
    groups = [same for same in alike.values() if len({one.seed for one in same}) > 1]
    copied = [record for same in groups for record in same]
    lines = [
        f"{' and '.join(one.name for one in same)} have the same bootstrap draws: one is a copy of "
        "the other, nothing tells which, and neither is used"
        for same in groups
    ]
    return [record for record in records if record not in copied], lines
