"""The profile of recorded cells: planned without its data, and refused with others."""

import numpy as np
import pytest
from PIL import Image

from experiments.cli import main
from experiments.declared.manifests import load_manifests
from experiments.pipeline.graph import Graph
from experiments.pipeline.own_videos import prepared
from experiments.stages.layout import ROOT
from experiments.stages.progress import QuietLog

RUN = "blendmask-r50"


@pytest.fixture(scope="module")
def manifests():
    return load_manifests(ROOT / "experiments" / "manifests")


def test_image_models_start_from_those_of_mini(manifests):
    graph = Graph(manifests.runs, manifests.profile("cells"))
    of_mini = Graph(manifests.runs, manifests.profile("mini"))
    pretrain = graph.pretrain(RUN)
    assert pretrain.inputs["start"].key == of_mini.pretrain(RUN).key
    assert pretrain.spec["train"]["iterations"] == 2000 and pretrain.name == f"{RUN}@t98g"
    assert graph.left_out("blendmask-r50+oracle-warp") == "recorded data have no exact flow"


def test_its_table_belongs_to_it_alone(manifests):
    shown = {name: manifests.everything(manifests.profile(name)) for name in manifests.profiles}
    assert [name for name, tables in shown.items() if "cells" in tables] == ["cells"]


def test_it_is_planned_without_data_and_not_run(capsys):
    assert main(["--profile", "cells", "--dry-run"], page=None) == 0
    assert "train and evaluate masktrack-r50+tpr seeds 0, 1, 2" in capsys.readouterr().out
    assert main(["--profile", "cells", "--seeds", "77"], page=None) == 2
    error = capsys.readouterr().err.strip()
    assert "needs the recorded data t98g (docs/cells.md): give the folder by --data-root" in error


def test_other_id_maps_are_refused(tmp_path, monkeypatch, manifests):
    for folder in ("Annotations/a", "JPEGImages/a"):
        (tmp_path / "tiles" / folder).mkdir(parents=True)
    ids = np.zeros((16, 16), np.uint16)
    ids[4:9, 4:9] = 3
    Image.fromarray(ids).save(tmp_path / "tiles/Annotations/a/00000.png")
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(tmp_path / "tiles/JPEGImages/a/00000.jpg")
    monkeypatch.setenv("TPR_DATA", str(tmp_path))
    spec = Graph(manifests.runs, manifests.profile("cells")).videos().spec
    with pytest.raises(ValueError, match="not the id maps that this profile was declared for"):
        prepared(spec, tmp_path / "out", QuietLog())


def test_a_missing_folder_is_named(tmp_path, monkeypatch, manifests):
    monkeypatch.setenv("TPR_DATA", str(tmp_path))
    spec = Graph(manifests.runs, manifests.profile("cells")).images().spec
    with pytest.raises(FileNotFoundError, match="images/JPEGImages: no such folder of frames"):
        prepared(spec, tmp_path / "out", QuietLog())
