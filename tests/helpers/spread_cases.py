"""What test_spread.py runs in several processes at once (tests.helpers.together)."""

from pathlib import Path

from experiments.stages.progress import QuietLog
from tests.helpers.tiny import INFER, MODEL, TRAIN
from tpr.data.youtube_vis import YouTubeVIS
from tpr.inference.online import infer
from tpr.training import loop

BATCH_NORM = MODEL | {"head": MODEL["head"] | {"basis": {"width": 16, "norm": "BN"}}}
SETTINGS = TRAIN | {"batch_size": 4, "iterations": 4, "short_edge": [40, 56]}
# With seeds 3 and 4 some value lies so close to a kink that in one process, too, weights changed by
# 1e-7 of their size move the losses by 3e-4 to 1e-3 at the fourth iteration; with 6 by 1e-7.
SEED = 6


class Killed(Exception):
    """Stands for a kill of all processes in the middle of a run."""


class KilledAtThree(QuietLog):
    def progress(self, done: int, total: int, **numbers: float) -> None:
        if done == 3:
            raise Killed


def dataset(folder: Path) -> YouTubeVIS:
    return YouTubeVIS(folder / "data" / "train.json", folder / "data" / "frames" / "train")


def finetune(out: Path, model: dict, settings: dict, log: QuietLog) -> None:
    out.mkdir(exist_ok=True)
    folder = out.parent.parent
    spec = {"model": model, "train": settings, "seed": SEED}
    weights = folder / f"{model['head']['basis']['norm']}.pt"
    loop.finetune(spec, dataset(folder), weights, out, log)


def cases(out: Path) -> None:
    """Trainings by one and by two processes, inference by any number."""
    folder, count = out.parent, int(out.name)
    spec = {"model": MODEL, "infer": INFER | {"batch": 1}}
    infer(spec, dataset(folder), folder / "whole.pt", out, QuietLog())
    if count > 2:
        return
    finetune(out / "norms", BATCH_NORM, SETTINGS, QuietLog())
    finetune(out / "micro", MODEL, SETTINGS | {"micro_batch": 2 // count}, QuietLog())
    if count == 1:
        finetune(out / "whole", MODEL, SETTINGS | {"micro_batch": 4}, QuietLog())
        return
    try:
        finetune(out / "killed", BATCH_NORM, SETTINGS, KilledAtThree())
    except Killed:
        assert (out / "killed" / "checkpoint.pt").is_file()
        finetune(out / "killed", BATCH_NORM, SETTINGS, QuietLog())
