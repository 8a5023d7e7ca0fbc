"""The code in the documentation does what its page says."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.cli import main as cli
from tpr import demo, evaluate
from tpr.data.__main__ import main as data_main
from tpr.data.mini import generate

ROOT = Path(__file__).parents[2]


def example(page: str) -> str:
    """The first Python block of a page."""
    return re.search(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL).group(1)


def test_the_plug_in_example_runs_in_ten_lines_without_detectron2():
    code = example("docs/plug-in.md")
    assert len([line for line in code.splitlines() if line.strip()]) == 10
    check = (
        "import sys; assert 'detectron2' not in sys.modules\n"
        "assert [x.shape for x in refined.values()] == [x.shape for x in pyramid.values()]\n"
        "assert loss.requires_grad and 0 < loss.item() <= 0.1\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code + check], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_configuration_of_the_detectron2_plug_in_comes_from_where_its_page_says():
    page = (ROOT / "docs/plug-in.md").read_text()
    code = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[1]
    names: dict = {}
    exec(code, names)
    assert list(names["model"].backbone.temporal.levels) == ["p2", "p3", "p4", "p5", "p6"]


# What is not run below, and why not.
ELSEWHERE = {
    "./run_all.sh setup": "installs 6 GB; CI begins with it",
    "./run_all.sh --profile smoke blendmask-r50 blendmask-r50+tpr": "test_first_steps.py",
    "./run_all.sh 1a": "trains for minutes on mini; CI runs all of smoke",
    "./run_all.sh 1a --until-decided": "the same; test_until_decided.py has it",
    "./run_all.sh doses --seeds 0,1,2": "hours; test_gain_against_dose.py, and CI has it on smoke",
    "./run_all.sh doses-trained --seeds 0,1,2": "the same",
    "./run_all.sh scale": "hours; test_gain_against_scale.py; in CI on smoke",
    "./run_all.sh scale-held-out": "the same",
    "./run_all.sh --profile cells --data-root T98G": "test_cells_profile.py plans it",
    "./run_all.sh blendmask-r50+average blendmask-r50+tpr --dry-run": "test_add_a_module.py",
    "./run_all.sh blendmask-r50+average blendmask-r50+tpr --seeds 0,1,2": "test_first_steps.py",
    "./run_all.sh blendmask-r50": "trains for minutes on mini; test_first_steps.py has it on smoke",
    "./run_all.sh ship-weights blendmask-r50": "test_shipped_weights.py",
    "pip install .": "test_package.py, without a download",
    'pip install ".[routing]"': "downloads torch",
    "pip install --require-hashes -r requirements.lock": "the same; test_requirements.py reads it",
    "python -m benchmarks.sampling": "a minute of timings, which tests have no use for",
    "python -m benchmarks.sparse": "the same",
    "python -m benchmarks.routing_overhead": "the same",
    "python -m benchmarks.training": "the same",
    "python -m benchmarks.memory": "two minutes; test_memory.py has its bounds",
}
# their own tests: test_docs_full_scale.py, test_export.py, test_docs_own_annotations.py and so on
OWN_TESTS = {"full-scale.md", "export.md", "own-annotations.md", "own-data.md", "evaluator.md"}
PAGES = sorted(p for p in (ROOT / "docs").glob("*.md") if p.name not in OWN_TESTS)


def commands() -> list[str]:
    """Every line of the pages' blocks that is a shell command."""
    text = "\n".join(page.read_text() for page in PAGES)
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    lines = [line for kind, block in blocks if not kind for line in block.splitlines()]
    lines = [line.split("  #")[0].rstrip() for line in lines]
    return [line for line in lines if line.startswith(("./run_all.sh", "pip ", "python "))]


@pytest.fixture(scope="module")
def things(tmp_path_factory):
    """What the placeholders of the pages stand for."""
    folder = tmp_path_factory.mktemp("docs")
    case = json.loads((ROOT / "tests/data/ytvis/r02_basic.json").read_text())
    for name, key in (("GT", "gt"), ("RESULTS", "dt"), ("OTHER", "dt")):
        (folder / f"{name}.json").write_text(json.dumps(case[key]))
    data = folder / "data"
    generate(data, {"val": {"videos": 1, "frames": 2, "height": 64, "width": 96}}, seed=0)
    frames = data / "frames" / "val"
    (clip,) = frames.iterdir()
    maps = folder / "maps" / clip.name
    maps.mkdir(parents=True)
    labels = folder / "labels" / clip.name
    labels.mkdir(parents=True)
    shape = {"label": "cat", "group_id": 1, "points": [[9, 9], [40, 9], [9, 30]]}
    for picture in clip.iterdir():
        Image.fromarray(np.full((64, 96), 1001, np.uint16)).save(maps / f"{picture.stem}.png")
        record = {"imagePath": picture.name, "shapes": [shape]}
        (labels / f"{picture.stem}.json").write_text(json.dumps(record))
    box = '<box frame="0" xtl="1" ytl="1" xbr="9" ybr="9"/>'
    export = folder / f"{clip.name}.xml"
    export.write_text(f'<annotations><track label="cat">{box}</track></annotations>')
    names = {"VIDEO": clip, "ANNOTATIONS.json": data / "val.json", "FOLDER": frames}
    names |= {"ID_MAPS": maps.parent, "JSON_FILES": labels.parent, "EXPORT.xml": export}
    names |= {"OUT.json": folder / "imported.json", "OVIS.json": data / "val.json"}
    names |= {"statistics.json": folder / "statistics.json"}
    names |= {f"{name}.json": folder / f"{name}.json" for name in ("GT", "RESULTS", "OTHER")}
    names |= {"T98G/tiles/JPEGImages/r0c2": clip}
    return names | {name: folder / name for name in ("out.mp4", "cells.mp4")}


RUN = {"tpr.demo": demo.main, "tpr.evaluate": evaluate.main, "tpr.data": data_main}


@pytest.mark.parametrize("line", [c for c in commands() if c.startswith("python -m tpr.")])
def test_a_command_of_the_library_runs(line, things):
    _, _, module, *arguments = shlex.split(line)
    given = [str(things.get(argument, argument)) for argument in arguments]
    assert RUN[module](given) == 0


def test_a_dry_run_of_the_quick_start_plans():
    assert "./run_all.sh 1a --dry-run" in commands()
    assert cli(["1a", "--dry-run"]) == 0


def test_every_other_command_is_known():
    others = {line for line in commands() if not line.startswith("python -m tpr.")}
    others -= {"./run_all.sh 1a --dry-run"}
    assert others == set(ELSEWHERE)


def test_links_between_the_pages_lead_somewhere():
    for page in [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
