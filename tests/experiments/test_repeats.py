"""The same seed twice gives the same numbers to the last bit, from training to the record."""

import json

import pytest

from experiments.engine.environment import repeats
from experiments.pipeline.stage_bodies import BODIES
from experiments.stages.progress import QuietLog
from tests.helpers.tiny import INFER, MODEL, SPLIT, TRAIN
from tpr.data.mini import generate
from tpr.data.youtube_vis import YouTubeVIS
from tpr.training import loop

TIMES = ("seconds_per_iteration", "frames_per_second")  # what two runs may differ in


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Training and validation videos, and a pretrained image model."""
    root = tmp_path_factory.mktemp("repeats")
    videos, pretrain = root / "videos", root / "pretrain"
    generate(videos, {"train": SPLIT, "val": SPLIT}, seed=0)
    pretrain.mkdir()
    spec = {"model": MODEL | {"temporal": None}, "train": TRAIN, "seed": 0}
    data = YouTubeVIS(videos / "train.json", videos / "frames" / "train")
    loop.pretrain(spec, data, pretrain, QuietLog())
    return {"videos": videos, "pretrain": pretrain}


def trained_and_evaluated(inputs, out, seed):
    """The metrics of both stages as a record holds them, as JSON, without times."""
    spec = {"model": MODEL, "train": TRAIN, "seed": seed}
    test = {"model": MODEL, "infer": INFER, "evaluation": {"bootstrap": 20, "bootstrap_seed": 0}}
    for stage in ("train", "evaluate"):
        (out / stage).mkdir(parents=True)
    metrics = BODIES["train"](spec, inputs, out / "train", QuietLog())
    metrics |= BODIES["evaluate"](
        test, inputs | {"train": out / "train"}, out / "evaluate", QuietLog()
    )
    assert metrics["AP_draws"] and metrics["videos"] == SPLIT["videos"]
    return json.dumps({k: v for k, v in metrics.items() if k not in TIMES})


def test_the_same_seed_twice_gives_bit_identical_metrics(inputs, tmp_path):
    first, again = (trained_and_evaluated(inputs, tmp_path / n, 3) for n in ("first", "again"))
    assert first == again
    for name in ("train/log.jsonl", "evaluate/results.json"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert trained_and_evaluated(inputs, tmp_path / "other", 4) != first


def test_nothing_is_promised_of_a_gpu():
    assert repeats("some GPU")["this_machine"].startswith("not guaranteed")
