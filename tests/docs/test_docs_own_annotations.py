"""docs/own-annotations.md, followed from labelme's files to an AP and a demo on tiny clips."""

import json
import re
import shlex
import sys

import numpy as np
import pytest
from PIL import Image

from experiments.stages.layout import ROOT
from tpr import demo, evaluate
from tpr.data.__main__ import main as data_main

PAGE = (ROOT / "docs" / "own-annotations.md").read_text()
(CODE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
ITERATIONS = "IMAGE_ITERATIONS, PAIR_ITERATIONS, SHORT_EDGE = 2000, 600, 96"
SIZE = (48, 64)


def commands(start: str) -> list[list[str]]:
    """Arguments of the page's lines that begin so."""
    lines = re.findall(rf"^{re.escape(start)} (.*)$", PAGE, re.MULTILINE)
    return [shlex.split(line) for line in lines]


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Six clips of a moving square, annotated in labelme; the repository's folders beside them."""
    monkeypatch.chdir(tmp_path)
    for name in ("experiments", "weights"):
        (tmp_path / name).symlink_to(ROOT / name)
    for clip in range(6):
        for t in range(3):
            x0, label = 8 + 6 * t + clip, ("ball", "box")[clip % 2]
            picture = np.full((*SIZE, 3), 40, np.uint8)
            picture[12:36, x0 : x0 + 20] = (220, 60, 60)
            file = tmp_path / "own/train/JPEGImages" / f"clip{clip}" / f"{t:06}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(file)
            corners = [[x0, 12], [x0 + 20, 36]]
            shape = {"label": label, "points": corners, "group_id": 1, "shape_type": "rectangle"}
            record = {"imagePath": file.name, "shapes": [shape]}
            labels = tmp_path / "LABELS" / f"clip{clip}" / f"{t:06}.json"
            labels.parent.mkdir(parents=True, exist_ok=True)
            labels.write_text(json.dumps(record))
    return tmp_path / "own"


def test_the_page_leads_from_annotated_clips_to_an_ap_and_a_demo(own, monkeypatch, capsys):
    labelme, *_ = commands("python -m tpr.data import")
    (prepare,) = commands("python -m tpr.data prepare")
    assert data_main(["import", *labelme]) == 0
    assert data_main(["prepare", *prepare[:-1], "2", "--workers", "1"]) == 0
    code = CODE.replace(ITERATIONS, ITERATIONS.replace("2000, 600, 96", "2, 2, 48"))
    assert code != CODE
    for arguments in commands("PYTHONPATH=. python finetune.py"):
        monkeypatch.setattr(sys, "argv", ["finetune.py", *arguments])
        exec(compile(code, "finetune.py", "exec"), {})
    assert "'AP': " in capsys.readouterr().out
    (compared,) = commands("python -m tpr.evaluate")
    assert evaluate.main(compared) == 0
    (shown,) = commands("python -m tpr.demo")
    clip = own / "train" / "JPEGImages" / "clip0"
    assert demo.main([str(clip), *shown[1:]]) == 0
    assert (own.parent / "out.mp4").is_file()
