"""The code of stages: seen where it decides a result, told, and never silently taken as current."""

import json
import shutil

import pytest

from experiments.declared.manifests import load_manifests
from experiments.engine.stage_code import StageCode
from experiments.engine.worker import STAGE_BODIES, run_stage
from experiments.pipeline.graph import Graph
from experiments.sources.reach import Sources
from experiments.stages.outputs import sealed
from experiments.stages.stage import in_order
from tests.helpers.suite_helpers import REPOSITORY, calls, edit, make_root, suite

RUN = "blendmask-r50+average"
CLASS = '''
class Average:
    """The mean."""

    def forward(self, x):
        return x / 2  # of two
'''


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy of the sources that a stage can reach, and its digests."""
    root = tmp_path_factory.mktemp("sources")
    for name in ("tpr", "baselines", "experiments"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=shutil.ignore_patterns("*.yaml"))
    return root, digests(root)


def digests(root):
    """Of every stage of two runs of `mini`, and of recorded data, by label."""
    manifests = load_manifests(REPOSITORY / "experiments" / "manifests")
    code = StageCode(STAGE_BODIES, Sources(root))
    goals = [
        Graph(manifests.runs, manifests.profile(profile)).evaluate(run, 0)
        for profile, run in (("mini", "blendmask-r50+tpr"), ("mini", "sipmask-r50"))
    ]
    found = {stage.label: code.body_digest(stage.kind, stage.spec) for stage in in_order(goals)}
    return found | {"prepared": code.body_digest("videos", {"dataset": "ytvis2019"})}


def file_with(root, text):
    """The one source below a root that holds a text: files may move."""
    (path,) = [path for path in root.rglob("*.py") if text in path.read_text()]
    return path


def test_a_moved_module_leaves_a_former_name_and_retrains_nothing(copied, tmp_path):
    root, before = copied
    moved = tmp_path / "moved"
    shutil.copytree(root, moved)
    table = file_with(moved, "FORMER = {")
    table.write_text(
        table.read_text().replace("FORMER = {", 'FORMER = {\n    "tpr.a": "tpr.b",', 1)
    )
    assert digests(moved) == before


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("GENERATOR_VERSION = ", ["videos", "images"]),
        ("def finetune(", [" train "]),
        ("def side_by_side(", ["evaluate"]),
        ("def build_sipmask(", ["sipmask"]),
        ("class CPR(", ["+tpr"]),
        ("class STSN(", []),
        ("def prepare(", ["prepared"]),
    ],
)
def test_code_is_seen_where_it_decides_a_result(copied, line, parts):
    (root, before), path = copied, file_with(copied[0], f"\n{line}")
    text = path.read_text()
    changed = f"{line}7 + " if line.endswith("= ") else f"@changed\n{line}"
    path.write_text(text.replace(f"\n{line}", f"\n{changed}", 1))
    try:
        after = digests(root)
    finally:
        path.write_text(text)
    others = {label for label in before if before[label] != after[label]}
    assert others == {label for label in before if any(part in f" {label}" for part in parts)}


def test_a_moved_folder_and_a_docstring_change_no_digest(copied, tmp_path):
    (root, before), moved = copied, tmp_path / "moved"
    shutil.copytree(root, moved)
    (moved / "tpr" / "routing").rename(moved / "tpr" / "passing")
    for path in moved.rglob("*.py"):
        text = path.read_text().replace("tpr.routing", "tpr.passing")
        path.write_text(text.replace("from .routing", "from .passing").replace(
            "from ..routing", "from ..passing").replace('"""', '"""Moved. ', 1))  # fmt: skip
    assert digests(moved) == before


@pytest.fixture
def root(tmp_path):
    """A suite with a run that has a class of its own beside."""
    root = make_root(tmp_path / "root")
    (root / "average.py").write_text(CLASS)
    line = f"{RUN}: {{head: blendmask, backbone: r50, temporal: {{module: average.Average}}}}\n"
    with (root / "experiments/manifests/runs.yaml").open("a") as file:
        file.write(line)
    return root


def run(root, *arguments):
    status, output = suite(root, *arguments, PYTHONPATH=f"{REPOSITORY}:{root}")
    assert status == 0, output
    return output


def record(root, kind):
    (path,) = (root / "runs" / "smoke").glob(f"{kind}-{RUN}-seed0-*/record.json")
    return json.loads(path.read_text())


def test_an_edited_class_retrains_its_run_and_is_told(root):
    run(root, RUN, "blendmask-r50")
    first = record(root, "train")
    edit(root / "average.py", "The mean.", "The average.")
    edit(root / "average.py", "  # of two", "")
    assert run(root, RUN, "blendmask-r50").startswith("Nothing to do")
    edit(root / "average.py", "x / 2", "x / 3")
    why = f"the code of the training changed since commit {first['git']['commit'][:9]}"
    assert f"run     train {RUN} seed 0: made by other code: {why}" in run(root, RUN, "--dry-run")
    states = run(root, "status", RUN).splitlines()
    assert [x for x in states if f" train {RUN} " in x and x.endswith(why)]
    assert run(root, RUN, "--accept-code").startswith("Nothing to do")
    before = len(calls(root, "begin"))
    output = run(root, RUN, "blendmask-r50")
    assert f"note: train {RUN} seed 0 is made again, made by other code: {why}" in output
    assert "note: what other code made is kept in runs/smoke/other-code" in output
    kinds = [name.split("-")[0] for name in calls(root, "begin")[before:]]
    assert kinds == ["train", "evaluate"]
    (aside,) = (root / "runs/smoke/other-code").glob("train-*/record.json")
    assert json.loads(aside.read_text()) == first
    assert record(root, "train")["code"]["sha256"] != first["code"]["sha256"]
    assert record(root, "evaluate")["code"]["inputs"]["train"] == record(root, "train")["code"]
    assert run(root, RUN).startswith("Nothing to do")


def begun(root):
    """Takes back that the training was finished."""
    run(root, RUN)
    shutil.rmtree(next((root / "runs/smoke").glob(f"evaluate-{RUN}-*")))
    next((root / "runs/smoke").glob(f"train-{RUN}-*/record.json")).unlink()


def test_a_training_that_other_code_began_starts_over_with_a_line(root):
    begun(root)
    edit(root / "average.py", "x / 2", "x / 3")
    output = run(root, RUN)
    assert (
        f"train {RUN} seed 0 is made again, made by other code: unfinished, stopped at 5 of 5; "
        "the code of the training changed" in output
    )
    assert "began" not in record(root, "train")["code"]


def test_a_training_may_go_on_with_other_code_and_its_record_says_so(root):
    begun(root)
    edit(root / "average.py", "x / 2", "x / 3")
    assert "made again" not in run(root, RUN, "--accept-code")
    code = record(root, "train")["code"]
    assert len(code["began"]) == 64 and code["began"] != code["sha256"]
    assert "the code of the training changed" in run(root, RUN, "--dry-run")


def test_a_training_that_the_same_code_began_goes_on(root):
    begun(root)
    assert "made again" not in run(root, RUN)


def test_records_without_a_digest_count(root):
    run(root, RUN)
    for path in (root / "runs" / "smoke").glob("*/record.json"):
        old = json.loads(path.read_text())
        del old["code"]
        path.write_text(json.dumps(sealed(old)))
    edit(root / "average.py", "x / 2", "x / 3")
    assert run(root, RUN).startswith("Nothing to do")


def test_a_stage_whose_code_changed_after_it_was_planned_does_not_run(tmp_path):
    request = {"stage": "train", "key": "k", "spec": {}, "inputs": {}, "name": "a"}
    request["code"] = {"sha256": "of yesterday", "inputs": {}}
    (tmp_path / "train-a").mkdir()
    (tmp_path / "train-a" / "stage.json").write_text(json.dumps(request))
    with pytest.raises(ValueError, match="the code of the training changed after this was planned"):
        run_stage(tmp_path / "train-a", "tests.helpers.suite_fakes")
    assert not (tmp_path / "train-a" / "record.json").exists()
