"""Makes tests/data/trackeval.json: what TrackEval says of the sets of tests/helpers/random_tracks.

    git clone https://github.com/JonathonLuiten/TrackEval FOLDER
    python -m tests.evaluation.trackeval_numbers FOLDER

numpy's old names, which it uses, are given back to it. Needs scipy, as it does.
"""

import contextlib
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.trackeval_times import QUIET, as_it_reads, laid_out
from tests.helpers.random_tracks import random_set

SETS = 20
EXPECTED = Path(__file__).parents[1] / "data" / "trackeval.json"


def numbers(folder: Path) -> dict[str, float]:
    """Of the one set below ``folder``, averaged over classes, means over alphas."""
    import trackeval

    with contextlib.redirect_stdout(io.StringIO()):
        places = {"GT_FOLDER": f"{folder}/gt/", "TRACKERS_FOLDER": f"{folder}/trackers/"}
        data = trackeval.datasets.YouTubeVIS(
            places | {"SPLIT_TO_EVAL": "val", "PRINT_CONFIG": False}
        )
        metrics = [
            trackeval.metrics.HOTA(),
            trackeval.metrics.Identity({"PRINT_CONFIG": False}),
            trackeval.metrics.CLEAR({"PRINT_CONFIG": False}),
        ]
        found, _ = trackeval.Evaluator(QUIET).evaluate([data], metrics)
    whole = found["YouTubeVIS"]["ours"]["COMBINED_SEQ"]["cls_comb_cls_av"]
    means = {name: float(np.mean(whole["HOTA"][name])) for name in ("HOTA", "DetA", "AssA")}
    counts = {name: int(whole["CLEAR"][name]) for name in ("IDSW", "Frag")}
    return means | {"IDF1": float(whole["Identity"]["IDF1"])} | counts


def main(repository: Path) -> None:
    np.float, np.int = float, int
    sys.path.insert(0, str(repository))
    commit = subprocess.check_output(["git", "-C", str(repository), "rev-parse", "HEAD"], text=True)
    found = []
    for seed in range(SETS):
        truth, results = random_set(seed)
        with tempfile.TemporaryDirectory() as folder:
            laid_out(Path(folder), as_it_reads(truth), results)
            found.append(numbers(Path(folder)))
    made = {"made_by": "python -m tests.evaluation.trackeval_numbers", "trackeval": commit.strip()}
    EXPECTED.write_text(json.dumps(made | {"by_seed": found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
