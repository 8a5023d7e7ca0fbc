"""`python -m tpr.evaluate`: the benchmark's numbers, and two results compared video by video."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tpr.evaluate import main
from tpr.evaluation import evaluate
from tpr.evaluation.compare import difference

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "ytvis"


@pytest.fixture
def files(tmp_path):
    """Ground truth, results, and the same results without every third one."""
    case = json.loads((DATA / "r28_bigger.json").read_text())
    contents = {"gt": case["gt"], "a": case["dt"], "b": copy.deepcopy(case["dt"])}
    del contents["b"][::3]
    for name, content in contents.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    paths = [str(tmp_path / f"{name}.json") for name in contents]
    return paths, case["expected"]["stats"]


def test_json_holds_the_references_numbers(files, capsys):
    (gt, a, _), expected = files
    assert main([gt, a, "--json", "--per-category"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["results"]
    stats = {name: -1 if value is None else value for name, value in entry["stats"].items()}
    assert stats == pytest.approx(expected, abs=1e-12)
    aps = [one["AP"] for one in entry["per_category"] if one["AP"] is not None]
    assert np.mean(aps) == pytest.approx(expected["AP"], abs=1e-12)


def test_text_has_a_line_a_number_and_category(files, capsys):
    (gt, a, b), expected = files
    assert main([gt, a, "--compare", b, "--per-category", "--draws", "50"]) == 0
    out = capsys.readouterr().out
    rows = {line.split("  ")[0]: line.split() for line in out.splitlines()}
    assert rows["AP50"][1] == f"{100 * expected['AP50']:.2f}"
    assert f"A: {a}" in out and f"B: {b}" in out and "90% over" in out
    assert len([name for name in rows if name.startswith("cat")]) == 8


def test_a_difference_is_paired_by_video(files):
    (gt, a, b), _ = files
    first, second = evaluate(gt, a), evaluate(gt, b)
    found = difference(first, second, draws=200, seed=4)
    gains = second.bootstrap(200, 4) - first.bootstrap(200, 4)
    assert found.value == second.stats["AP"] - first.stats["AP"]
    assert (found.low, found.high) == tuple(np.quantile(gains, [0.05, 0.95]))
    assert found.share_above == (gains > 0).mean()


def test_equal_results_differ_by_nothing(files):
    (gt, a, _), _ = files
    metrics = evaluate(gt, a)
    same = difference(metrics, metrics, draws=20)
    assert (same.value, same.low, same.high, same.share_above) == (0, 0, 0, 0)


def test_other_videos_cannot_be_compared(files):
    (gt, a, _), _ = files
    metrics = evaluate(gt, a)
    fewer = evaluate(gt, a, video_ids=metrics.video_ids[1:])
    with pytest.raises(ValueError, match="same videos"):
        difference(metrics, fewer)


def test_undefined_numbers_have_no_difference(files):
    (gt, a, _), _ = files
    record = json.loads(Path(gt).read_text())
    record["annotations"] = []
    nothing = evaluate(record, a)
    assert difference(nothing, nothing, draws=5).value is None


def test_errors_are_one_line(files, capsys):
    (gt, _, _), _ = files
    assert main([gt, "absent.json"]) == 1
    assert capsys.readouterr().err == "error: absent.json: no such file\n"


def test_it_runs_without_torch_detectron2_and_opencv(files):
    (gt, a, _), _ = files
    code = (
        "import sys\n"
        "for name in ('torch', 'detectron2', 'cv2', 'PIL', 'scipy'): sys.modules[name] = None\n"
        "from tpr.evaluate import main\n"
        f"sys.exit(main([{gt!r}, {a!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
