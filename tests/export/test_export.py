"""One frame's step as a graph: every head, in torch.export's format and in ONNX."""

import json
import math
import re
import shlex
from pathlib import Path

import pytest
import torch

from tests.helpers.tiny import INFER, MODEL
from tpr.data.records import Category
from tpr.export import __main__ as command
from tpr.export.graphs import difference, read_program
from tpr.export.step import FrameStep
from tpr.inference.trained import Trained, load_trained
from tpr.models.build import build_model

ROOT = Path(__file__).parents[2]
SIZE = (64, 90)  # padded in the graph
CATEGORIES = [Category(i, name) for i, name in enumerate("abc", 1)]
ROUTING = {"name": "tpr", "dacr": {}, "cpr": {"rows": [1], "scale_init": 0.1}}
BLENDMASK = {"channels": 32, "temporal": ROUTING}
ALONE = {"temporal": None}
SIPMASK = {
    "head": {"name": "sipmask", "depth": 1, "bases": 4},
    "backbone": MODEL["backbone"] | {"deform_interval": 1},
}
YOLACT = {"head": {"name": "yolact", "prototypes": 4, "width": 8}}
MASK2FORMER = {
    "head": {"name": "mask2former", "queries": 6, "width": 16, "layers": 3, "heads": 2},
    "track": {"name": "query"},
}
MASKTRACK = {
    "head": {"name": "masktrack", "fc_width": 16, "mask_width": 8, "mask_depth": 1},
    "backbone": MODEL["backbone"] | {"pyramid": "p2-p6"},
    "track": {"name": "box", "embedding": 16},
}


def trained(changes: dict, **settings) -> Trained:
    """An untrained model, its routing far from where it starts."""
    torch.manual_seed(0)
    model = build_model(MODEL | BLENDMASK | changes, len(CATEGORIES)).eval()
    if model.temporal is not None:
        for p in model.temporal.parameters():
            torch.nn.init.normal_(p, std=0.05)
    return Trained("tiny", model, INFER | settings, CATEGORIES)


def exported(model: Trained, out, formats=("pt2",)):
    lines = list(command.export(model, SIZE, out, formats))
    return json.loads((out / "model.json").read_text()), lines


@pytest.mark.parametrize(
    "head",
    [SIPMASK, YOLACT, MASKTRACK, MASK2FORMER],
    ids=["sipmask", "yolact", "masktrack", "mask2former"],
)
def test_the_graphs_of_every_head_give_the_models_numbers(head, tmp_path):
    about, lines = exported(trained(head | ALONE), tmp_path, ("pt2", "onnx"))
    assert {path.name for path in tmp_path.iterdir()} == {"first.pt2", "first.onnx", "model.json"}
    assert about["previous"] == [] and about["graphs"].keys() == {"first.pt2", "first.onnx"}
    assert all(graph["difference"] < 1e-4 for graph in about["graphs"].values())
    assert ("second stage" in lines[-1]) == (head is MASKTRACK)
    outputs = about["graphs"]["first.onnx"]["outputs"]
    assert outputs["boxes"][1] == outputs["scores"][1]
    assert outputs["boxes"][1] > 100 if head is not MASK2FORMER else outputs["boxes"][1] == 6


def test_the_page_exports_the_shipped_model_and_runs_a_video_on_onnx(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs/export.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    line = next(line for line in page.splitlines() if line.startswith("python -m tpr.export "))
    assert command.main([*shlex.split(line)[3:], "--size", "96x160"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 5 and all("of the model on 10 frames" in line for line in told[:4])
    names: dict = {}
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL).group(1), names)

    trained = load_trained("mini/blendmask-r50+tpr")
    program = read_program(Path("exported/next.pt2"))
    wanted = {}
    with torch.no_grad():
        for picture in map(torch.from_numpy, names["video"]):
            given = [wanted[k] for k in names["about"]["previous"] if wanted]
            step = FrameStep(trained.model, trained.settings, first=not wanted)
            wanted = step(picture, *given)
        alone = FrameStep(trained.model, trained.settings, first=True)(picture)
        values = dict(zip(wanted, program([picture, *given]), strict=True))
    assert list(names["found"]) == list(wanted)
    assert list(wanted) == list(names["about"]["graphs"]["next.pt2"]["outputs"])
    for name, value in wanted.items():
        torch.testing.assert_close(values[name], value, rtol=1e-3, atol=1e-3)
        # four frames on their own results
        torch.testing.assert_close(
            torch.from_numpy(names["found"][name]), value, rtol=0.01, atol=0.01
        )
    assert not torch.allclose(alone["p3"], wanted["p3"], atol=0.05)


def test_a_raw_reference_is_an_output_of_its_own():
    step = FrameStep(trained({}, recursive=False).model, INFER | {"recursive": False}, first=True)
    assert step.previous == ["raw_p3", "raw_p4", "raw_p5", "raw_p6", "raw_p7"]
    with torch.no_grad():
        outputs = step(torch.zeros(1, 3, *SIZE, dtype=torch.uint8))
    assert outputs.keys() >= {*step.previous, "p3"}
    assert not torch.equal(outputs["raw_p3"], outputs["p3"])  # the frame was its own reference


class Closed(torch.nn.Module):
    """A temporal module that goes by the picture's numbers."""

    def __init__(self, channels: int) -> None:
        super().__init__()

    def forward(self, query, reference):
        return {k: x * 2 if x.sum() > 0 else x for k, x in query.pyramid.items()}


def test_what_cannot_be_exported_is_said_in_a_line_and_nothing_is_left(
    tmp_path, capsys, monkeypatch
):
    model = trained({"temporal": {"name": f"{__name__}.Closed"}}, first_frame="skip")
    monkeypatch.setattr(command, "load_trained", lambda name: model)
    status = command.main(["tiny", "--out", str(tmp_path), "--size", "64x96"])
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert status == 1 and line.startswith("error: torch.export cannot take this model: ")
    assert not list(tmp_path.iterdir())


def test_a_graph_that_differs_is_not_written(tmp_path, monkeypatch):
    assert math.isnan(difference([torch.tensor([1.0, math.nan])], [torch.ones(2)]))
    monkeypatch.setattr(command, "LARGEST", -1.0)
    with pytest.raises(ValueError, match="differs from the model by .*; not written"):
        exported(trained(ALONE), tmp_path)
    assert not list(tmp_path.iterdir())


def test_missing_packages_and_odd_sizes_are_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tpr.export.graphs.find_spec", lambda name: None)
    assert command.main(["mini/blendmask-r50+tpr", "--onnx", "--out", str(tmp_path)]) == 1
    assert "pip install onnx onnxscript onnxruntime" in capsys.readouterr().err
    for size in ("0x10", "96", "96x160x3", "axb", "31x64", "64x4097"):
        with pytest.raises(SystemExit):
            command.main(["mini/blendmask-r50+tpr", "--size", size])
