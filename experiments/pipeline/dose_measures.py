"""What the record of an evaluation at a dose says, from the matches of its tracks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from experiments.pipeline.measures import percent
from experiments.stages.json_files import Record
from experiments.stages.key import Spec

if TYPE_CHECKING:
    import numpy as np

    from tpr.evaluation.metrics import Metrics

AP_DRAWS, LOSS_DRAWS = 500, 100  # the first of the bootstrap's, as a grid has hundreds of records


def dose_measures(ground_truth: Path, results: Path, settings: Spec, matches: Path) -> Record:
    """AP and AR, and AP lost to each kind of error, in percent; of AP and losses the draws of a
    bootstrap over videos, the same ones as of ``measures``. The matches, from which all of these
    can be computed again, are written to the file `matches`."""
    from tpr.evaluation.draws import pack_draws
    from tpr.evaluation.kept_matches import keep_matches
    from tpr.evaluation.metrics import bootstrap_weights
    from tpr.evaluation.video_ap import evaluate

    found = evaluate(ground_truth, results, errors=True)
    keep_matches(matches, found, None)
    videos = len(found.video_ids)
    weights = bootstrap_weights(videos, settings["bootstrap"], settings["bootstrap_seed"])
    return {
        **{name: percent(value) for name, value in found.stats.items()},
        "AP_draws": pack_draws(found.weighted(weights[:AP_DRAWS])),
        "videos": videos,
        **losses(found, weights[:LOSS_DRAWS]),
    }


def losses(found: Metrics, weights: np.ndarray) -> Record:
    """AP lost to each kind of error in percent, and its draws; what rounding alone has put below 0
    is 0."""
    import numpy as np

    from tpr.evaluation.draws import pack_draws

    assert found.errors
    record: Record = {}
    plain = found.errors.lost()
    for kind, draws in found.errors.lost(weights).items():
        value = float(plain[kind][0])
        record[f"lost_{kind}"] = None if value == -1 else 100 * max(value, 0.0)
        record[f"lost_{kind}_draws"] = pack_draws(np.where(draws == -1, -1, draws.clip(0)))
    return record
