"""Every file of a finished suite is harmed in turn: the same numbers, or they are made again."""

import json
import shutil
from functools import cache

import pytest

from experiments import cli
from experiments.declared import manifests
from experiments.engine.worker import run_stage
from experiments.stages.layout import Layout
from experiments.stages.outputs import read_record
from tests.faults.damage import HARMS, flip, truncate
from tests.helpers.suite_helpers import make_root, values

EVERYWHERE = ("flipped", "truncated", "deleted")
RUN = ["blendmask-r50", "--profile", "smoke"]


class Here:
    """A stage in the test's own process."""

    def __init__(self, folder, **settings):
        self.status = run_stage(folder, "tests.helpers.suite_fakes")

    def poll(self):
        return self.status

    def terminate(self): ...

    kill = terminate


def suite(root, *arguments):
    return cli.main([*RUN, *arguments], root=root, stages="tests.helpers.suite_fakes", page=None)


@pytest.fixture(scope="module", autouse=True)
def quickly():
    """Stages in this process, manifests read once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli.Suite, "start", lambda self, stages: Here)
        patch.setattr("experiments.engine.runner.PAUSE", 0)
        patch.setattr("experiments.engine.worker.packages", dict)
        whole = cli.load_manifests(Layout("smoke").manifests)
        patch.setattr(cli, "load_manifests", lambda folder: whole)
        patch.setattr(manifests, "load_profile", cache(manifests.load_profile))
        yield


@pytest.fixture(scope="module")
def finished(tmp_path_factory, quickly):
    """The root of a finished suite."""
    root = make_root(tmp_path_factory.mktemp("finished"))
    assert suite(root) == 0
    return root


def published(root):
    (path,) = (root / "results" / "smoke" / "records").glob("*.json")
    record = json.loads(path.read_text())
    return {kind: record[kind]["metrics"] for kind in ("evaluate", "train", "pretrain")}


def sound_values(root):
    """Of the records that count; what is damaged and not needed stays as it is."""
    found = {
        path.parent: read_record(path.parent) for path in root.glob("runs/smoke/*/record.json")
    }
    return {folder.name: record["metrics"]["value"] for folder, record in found.items() if record}


def files(root, all):
    """Those that the suite left; or of them those that it reads itself."""
    places = [root / "runs" / "smoke", root / "results" / "smoke"]
    found = [path.relative_to(root) for place in places for path in sorted(place.rglob("*"))]
    found = [path for path in found if (root / path).is_file() and ".locks" not in path.parts]
    return [path for path in found if all or path.suffix == ".json"]


@pytest.mark.parametrize("harm", HARMS)
def test_every_file_of_a_finished_suite(finished, tmp_path, harm, capsys):
    for number, path in enumerate(files(finished, all=harm in EVERYWHERE)):
        root = tmp_path / str(number)
        shutil.copytree(finished, root, symlinks=True)
        HARMS[harm](root / path)
        for again in ((), ("--force",)):
            assert suite(root, *again) == 0, (path, capsys.readouterr())
            assert published(root) == published(finished), path
        assert sound_values(root).items() <= sound_values(finished).items(), path
        shutil.rmtree(root)


@pytest.mark.parametrize("harm", ["flipped", "truncated", "deleted"])
@pytest.mark.parametrize("stage", ["videos", "pretrain", "train"])
def test_a_harmed_input_is_told_and_made_again(finished, tmp_path, stage, harm, capsys):
    """The evaluation runs again and needs it."""
    root = tmp_path / "root"
    shutil.copytree(finished, root)
    (path,) = (root / "runs" / "smoke").glob(f"{stage}-*/weights.pt")
    before = path.read_bytes()
    HARMS[harm](path)
    capsys.readouterr()
    assert suite(root, "--force") == 0
    output = capsys.readouterr().out
    if stage != "train":  # which --force trains again in any case
        (line,) = [line for line in output.splitlines() if line.startswith("note: ")]
        assert f"{stage}" in line and "is made again, damaged: runs/smoke/" in line
        assert "weights.pt is " in line
    assert path.read_bytes() == before


def test_a_harmed_goal_is_told_and_made_again(finished, tmp_path, capsys):
    root = tmp_path / "root"
    shutil.copytree(finished, root)
    (path,) = (root / "runs" / "smoke").glob("evaluate-*/weights.pt")
    truncate(path)
    (trained,) = (root / "runs" / "smoke").glob("train-*/weights.pt")
    flip(trained)
    assert suite(root) == 0
    notes = [x for x in capsys.readouterr().out.splitlines() if x.startswith("note: ")]
    assert len(notes) == 2 and "train blendmask-r50 seed 0 is made again, damaged" in notes[0]
    assert values(root) == values(finished)


def test_weights_that_are_a_goal_and_an_input_are_summed_up(finished, tmp_path, capsys):
    root = tmp_path / "root"
    shutil.copytree(finished, root)
    (path,) = (root / "runs" / "smoke").glob("pretrain-*/weights.pt")
    before = path.read_bytes()
    flip(path)
    assert suite(root, "pretrain") == 0
    assert "pretrain blendmask-r50 is made again, damaged: " in capsys.readouterr().out
    assert path.read_bytes() == before


def test_status_tells_what_is_damaged(finished, tmp_path, capsys):
    root = tmp_path / "root"
    shutil.copytree(finished, root)
    (path,) = (root / "runs" / "smoke").glob("evaluate-*/weights.pt")
    path.unlink()
    cli.main(["status", *RUN], root=root)
    assert "weights.pt is missing" in capsys.readouterr().out


def test_records_without_checksums_count(finished, tmp_path, capsys):
    """They were made before there were any."""
    root = tmp_path / "root"
    shutil.copytree(finished, root)
    for path in (root / "runs" / "smoke").glob("*/record.json"):
        record = json.loads(path.read_text())
        del record["outputs"], record["seal"]
        path.write_text(json.dumps(record))
        (path.parent / "outputs.json").unlink()
    assert suite(root) == 0
    assert "Nothing to do" in capsys.readouterr().out
