"""docs/own-data.md, followed from id maps to records and a page, on tiny generated clips."""

import json
import re
import shlex

import numpy as np
import pytest
from PIL import Image

from experiments.cli import main as suite
from experiments.stages.layout import ROOT
from experiments.terminal import options
from reports.build import build
from tpr.data.__main__ import main as data_main

PAGE = (ROOT / "docs" / "own-data.md").read_text()
(MANIFEST,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
HEIGHT, WIDTH = 48, 64


def commands(start: str) -> list[list[str]]:
    """Arguments of the page's lines that begin so."""
    return [shlex.split(x) for x in re.findall(rf"^{re.escape(start)} (.*)$", PAGE, re.MULTILINE)]


def clip(frames, maps, name, length):
    """A moving square in the endings of real data: pictures as TIFF and BMP, maps as a palette, and
    one, as DAVIS has it, of grey and alpha; of the last frame there is no map."""
    for t in range(length):
        x0 = 8 + 6 * t
        picture, ids = (
            np.full((HEIGHT, WIDTH, 3), 40, np.uint8),
            np.zeros((HEIGHT, WIDTH), np.uint8),
        )
        picture[12:36, x0 : x0 + 20], ids[12:36, x0 : x0 + 20] = (220, 60, 60), 1
        for folder in (frames / name, maps / name):
            folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(frames / name / f"{t:03}.{('tif', 'bmp')[t % 2]}")
        if t == 1:
            alpha = np.stack([ids, np.full_like(ids, 255)], -1)
            Image.fromarray(alpha, "LA").save(maps / name / f"{t:03}.png")
        elif t < length - 1 or length == 1:
            image = Image.fromarray(ids)
            image.putpalette([0, 0, 0, 128, 0, 0])
            image.save(maps / name / f"{t:03}.png")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """The repository's manifests and weights, and a user's files beside them; frames of one clip
    lie behind a linked folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiments").mkdir()
    for name in ("experiments/manifests", "weights"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "own").mkdir()
    for number in range(5):
        clip(tmp_path / "elsewhere", tmp_path / "ID_MAPS", f"clip{number}", 4)
        clip(tmp_path / "IMAGES", tmp_path / "IMAGE_MAPS", f"picture{number}", 1)
    (tmp_path / "FRAMES").symlink_to(tmp_path / "elsewhere")
    return tmp_path


def test_the_page_leads_from_annotated_clips_to_a_report(root, capsys):
    (clips,) = commands("python -m tpr.data import")
    assert data_main(["import", *clips]) == 0
    assert "5 x frame without an annotation, left out" in capsys.readouterr().err
    single = ["davis", "IMAGE_MAPS", "--frames", "IMAGES", "--categories", "cell"]
    assert data_main(["import", *single, "--out", "own/images.json"]) == 0
    text = MANIFEST.replace("images: 2000, videos: 300", "images: 2, videos: 2")
    assert text != MANIFEST
    (root / "my.yaml").write_text(text)
    dry, _, real = commands("./run_all.sh")[:3]
    assert suite(dry, root=root, page=None) == 0
    said = capsys.readouterr().out
    assert "shipped pretrain blendmask-r50: weights/mini/blendmask-r50.pt" in said
    assert suite([*real[:-1], "0"], root=root, page=None) == 0
    records = root / "results" / "mini@cells" / "records"
    found = {one.stem: json.loads(one.read_text()) for one in records.glob("*.json")}
    assert set(found) == {"blendmask-r50-seed0", "blendmask-r50+tpr-seed0"}
    assert {one["profile"] for one in found.values()} == {"mini@cells"}
    (log,) = root.glob("runs/mini@cells/pretrain-blendmask-r50@cells-*/log.txt")
    assert "not taken over: head.fcos.cls_logits" in log.read_text()
    (index,) = root.glob("runs/mini@cells/videos-*/index.json")
    assert json.loads(index.read_text())["dataset"] == "cells"
    page = build("mini@cells", root)
    assert "profile mini@cells" in page.read_text()
    assert not (root / "results" / "mini").exists()


def test_every_command_is_understood():
    for found in commands("./run_all.sh"):
        given = options.parse(found)
        assert (given.profile, given.data) == ("mini", "my.yaml")


def test_the_page_is_short():
    assert len(PAGE.splitlines()) <= 80
