"""Every head trains and infers on a tiny data set, by the same trainer and inference loop."""

import json

import pytest

from experiments.stages.progress import QuietLog
from tests.helpers.tiny import INFER, MODEL, TRAIN
from tpr.inference.online import infer
from tpr.training import loop
from tpr.weights import checkpoint

# what each head changes of the tiny model
HEADS = {
    "sipmask": {
        "head": {"name": "sipmask", "depth": 2, "bases": 4, "ranges": [16, 32, 64, 128]},
    },
    "yolact": {
        "head": {"name": "yolact", "prototypes": 4, "width": 8, "scales": [16, 32, 48, 64, 80]},
        "backbone": MODEL["backbone"] | {"pyramid": "yolact"},
    },
    "masktrack": {
        "head": {
            "name": "masktrack",
            "anchors": [8, 16, 32, 64, 128],
            "canonical": 56,
            "fc_width": 16,
            "mask_width": 8,
            "mask_depth": 1,
            "proposals": 16,
            "roi_batch": 8,
        },
        "backbone": MODEL["backbone"] | {"pyramid": "p2-p6"},
        "track": {"name": "box", "embedding": 16, "canonical": 56},
    },
    "mask2former": {
        "head": {
            "name": "mask2former",
            "queries": 6,
            "width": 16,
            "layers": 3,
            "heads": 2,
            "feedforward": 32,
        },
        "track": {"name": "query", "embedding": 16},
    },
}
SHORT = TRAIN | {"iterations": 2}


@pytest.mark.parametrize("name", sorted(HEADS))
def test_pretraining_fine_tuning_and_inference(tiny_dataset, tmp_path, name):
    model = MODEL | HEADS[name]
    for folder in ("pretrain", "train", "infer"):
        (tmp_path / folder).mkdir()
    image_model = {"model": model | {"temporal": None}, "train": SHORT, "seed": 0}
    loop.pretrain(image_model, tiny_dataset, tmp_path / "pretrain", QuietLog())
    weights = tmp_path / "pretrain" / "weights.pt"
    spec = {"model": model, "train": SHORT, "seed": 0}
    metrics = loop.finetune(spec, tiny_dataset, weights, tmp_path / "train", QuietLog())
    assert {"loss_mask", "loss_match", "loss_budget"} <= metrics["final_losses"].keys()
    before, after = (checkpoint.load(tmp_path / x / "weights.pt") for x in ("pretrain", "train"))
    assert any((before[k] != after[k]).any() for k in before if k.startswith("head."))
    trained = tmp_path / "train" / "weights.pt"
    infer({"model": model, "infer": INFER}, tiny_dataset, trained, tmp_path / "infer", QuietLog())
    entries = json.loads((tmp_path / "infer" / "results.json").read_text())
    assert entries and all(len(x["segmentations"]) == 4 for x in entries)


def test_a_deformable_backbone_trains_its_offsets(tiny_dataset, tmp_path):
    backbone = MODEL["backbone"] | {"deform_interval": 3}
    spec = {"model": MODEL | {"backbone": backbone, "temporal": None}, "train": SHORT, "seed": 0}
    loop.pretrain(spec, tiny_dataset, tmp_path, QuietLog())
    state = checkpoint.load(tmp_path / "weights.pt")
    offsets = {k: v for k, v in state.items() if k.endswith("conv2_offset.weight")}
    assert len(offsets) == 3 and all(v.abs().max() > 0 for v in offsets.values())
