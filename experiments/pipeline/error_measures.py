"""What an evaluation's record says of errors and of tracking, beside AP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.stages.json_files import Record
from experiments.stages.key import Spec

if TYPE_CHECKING:
    import numpy as np

    from tpr.evaluation.difficulty import Difficulty
    from tpr.evaluation.metrics import Metrics

MOST_DRAWS = 500  # the first of the bootstrap's; of a loss they take 1.3 kB


def error_measures(found: Metrics, difficulty: Difficulty | None, settings: Spec) -> Record:
    """All in percent: HOTA, DetA, AssA and IDF1 with no bootstrap draws; AP lost to each kind of
    error, and AP of the hardest thirds of the videos, both with draws over videos that are the same
    for every run; and numbers of errors."""
    from tpr.evaluation.difficulty import hardest
    from tpr.evaluation.draws import pack_draws
    from tpr.evaluation.metrics import bootstrap_weights

    assert found.errors and found.tracking
    videos = len(found.video_ids)
    weights = bootstrap_weights(videos, settings["bootstrap"], settings["bootstrap_seed"])
    weights = weights[:MOST_DRAWS]
    record: Record = {
        name: 100 * float(value[0]) for name, value in found.tracking.numbers().items()
    }
    plain = found.errors.lost()
    for kind, draws in found.errors.lost(weights).items():
        value = float(_rounded(plain[kind])[0])
        record[f"lost_{kind}"] = None if value < 0 else 100 * value
        record[f"lost_{kind}_draws"] = pack_draws(_rounded(draws))
    for name, member in hardest(difficulty, found.video_ids).items():
        record[f"AP_{name}_high_draws"] = pack_draws(found.weighted(weights * member))
    return record | {
        "errors": found.errors.number(),
        "identity_switches": int(found.errors.switches.sum()),
        "fragmentations": int(found.errors.fragmentations.sum()),
    }


def _rounded(lost: np.ndarray) -> np.ndarray:
    """-1 stays, the mark for undefined; what rounding alone has put below 0 becomes 0."""
    import numpy as np

    return np.where(lost == -1, lost, lost.clip(0))
