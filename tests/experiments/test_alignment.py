"""The program that looks for a regime in which modules align: never on validation videos or AP."""

import json

import pytest
import torch

from experiments.alignment import main, parse, specs, train_and_probe
from experiments.declared.manifests import load_manifests
from experiments.pipeline.graph import Graph
from experiments.stages.progress import QuietLog
from tests.helpers.suite_helpers import REPOSITORY, make_root
from tests.helpers.tiny import INFER, MODEL, SPLIT, TRAIN
from tpr.data.mini import generate
from tpr.data.prepared import open_split
from tpr.models.build import build_model
from tpr.routing import DACR
from tpr.training import loop
from tpr.training.loop import NEW_MODULES
from tpr.weights import checkpoint


@pytest.fixture(scope="module")
def graph():
    manifests = load_manifests(REPOSITORY / "experiments" / "manifests")
    return Graph(manifests.runs, manifests.profile("mini"))


def changed(graph, *arguments):
    return specs(graph, parse([*arguments, "--out", "x"]))


def test_options_change_the_training_and_nothing_else(graph):
    run = "blendmask-r50+dacr"
    plain, infer = changed(graph, run)
    assert plain["seed"] == 900 and infer["infer"] == graph.evaluate(run, 900).spec["infer"]
    some = ["--iterations", "2000", "--offset-rate", "1", "--offset-std", "0.01", "--seed", "901"]
    found, infer = changed(graph, run, *some)
    assert found["train"]["iterations"] == 2000
    assert found["train"]["optimizer"]["lr_scales"] == {"offset": 1.0, "gate": 0.05}
    assert found["model"]["temporal"]["dacr"]["offset_std"] == 0.01
    assert infer["model"] == found["model"]
    assert plain == changed(graph, run)[0]  # the graph's own spec stays
    sgd, _ = changed(graph, run, "--sgd", "0.005")
    assert sgd["train"]["optimizer"]["name"] == "sgd"
    assert sgd["train"]["optimizer"]["lr_scales"]["offset"] == 0.05


def test_offsets_may_start_elsewhere_from_the_identity():
    assert not DACR(16, identity_init=True).offset.weight.any()
    started = DACR(16, identity_init=True, offset_std=0.1).offset.weight
    assert started.std().item() == pytest.approx(0.1, rel=0.1)


def test_seeds_of_tables_and_what_has_not_run_are_told(tmp_path, graph, capsys):
    assert main(["blendmask-r50+dacr", "--seed", "0", "--out", str(tmp_path)]) == 1
    assert "tables may have it" in capsys.readouterr().err
    with pytest.raises(ValueError, match="no DACR"):
        changed(graph, "blendmask-r50+merge", "--offset-std", "0.1")
    root = make_root(tmp_path / "root")
    assert main(["blendmask-r50+dacr", "--out", str(tmp_path)], root) == 1
    assert "./run_all.sh offset-fit --profile mini makes it" in capsys.readouterr().err


def test_it_trains_on_other_videos_than_it_probes(tmp_path, monkeypatch):
    generate(tmp_path / "data", {"train": SPLIT | {"videos": 4}}, seed=0)
    model, weights = (
        MODEL | {"temporal": {"name": "tpr", "dacr": {}, "cpr": None}},
        tmp_path / "w.pt",
    )
    torch.manual_seed(0)
    classes = len(open_split(tmp_path / "data", "train").categories)
    image_model = build_model(model | {"temporal": None}, classes)
    checkpoint.save_weights(image_model, weights, without=NEW_MODULES)
    train = {"model": model, "train": TRAIN | {"iterations": 2}, "seed": 900}
    infer = {"model": model, "infer": INFER}
    trained: list[int] = []
    finetune = loop.finetune

    def noted(spec, dataset, *rest, **more):
        trained.extend(video.id for video in dataset.videos)
        return finetune(spec, dataset, *rest, **more)

    monkeypatch.setattr(loop, "finetune", noted)
    found = train_and_probe(
        train, infer, tmp_path / "data", weights, tmp_path, QuietLog(), probed=2
    )
    assert found["levels"]["p3"]["positions"] > 10 and found["pairs"]
    assert json.loads(json.dumps(found)) == found
    assert trained == [3, 4]  # the first two are probed
