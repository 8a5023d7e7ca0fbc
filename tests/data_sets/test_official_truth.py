"""Ground truth of an official validation set is found, checked and used where somebody has it."""

import json

import pytest

from tests.helpers.ytvis_sets import content, write
from tpr.data.__main__ import main
from tpr.data.preparing.prepare import prepare
from tpr.evaluation import evaluate

VALID = content(3, first_id=50)


@pytest.fixture
def root(tmp_path):
    return write(tmp_path / "root", "OVIS", content(5), VALID | {"annotations": None})


@pytest.mark.parametrize("name", ["validGT.json", "annotations/annotations_valid_gt.json"])
def test_results_are_scored_on_it(root, tmp_path, name):
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(json.dumps(VALID))
    index = prepare("ovis", root, tmp_path / "out", official_val=True)
    assert index["validation"] == f"official, with the ground truth of {name.split('/')[-1]}"
    truth = json.loads((tmp_path / "out/val.json").read_text())
    keys = ("video_id", "category_id", "segmentations")
    results = [{key: one[key] for key in keys} | {"score": 0.5} for one in truth["annotations"]]
    assert len(results) == 3
    assert evaluate(tmp_path / "out/val.json", results).stats["AP"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"annotations": None}, "no ground truth"),
        ({"videos": VALID["videos"][:2]}, "its videos are not those of annotations_valid.json"),
        ({"categories": VALID["categories"][::2]}, "its categories are not those of"),
    ],
)
def test_that_of_another_set_is_refused(root, tmp_path, change, message):
    (root / "validGT.json").write_text(json.dumps(VALID | change))
    with pytest.raises(ValueError, match="validGT.json: ") as raised:
        prepare("ovis", root, tmp_path / "out", official_val=True)
    assert message in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_the_hold_out_stays_and_a_note_says_that_it_is_there(root, tmp_path, capsys):
    (root / "validGT.json").write_text(json.dumps(VALID))
    command = ["prepare", "ovis", "--root", str(root), "--holdout", "2", "--workers", "1"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert "validGT.json is the ground truth of the official validation set" in said.err
    assert "held out: 2 videos" in said.out
