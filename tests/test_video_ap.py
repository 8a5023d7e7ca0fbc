"""The evaluation equals the benchmark's own on every golden case."""

import json
from pathlib import Path

import numpy as np
import pytest

from tpr.evaluation import evaluate

DATA = Path(__file__).parent / "data" / "ytvis"
GOLDEN = sorted(DATA.glob("[er][0-9]*.json"))
KEYWORDS = {"vidIds": "video_ids", "catIds": "category_ids", "maxDets": "max_detections"}


def evaluate_case(case: dict):
    options = {KEYWORDS[k]: v for k, v in case["params"].items() if k in KEYWORDS}
    return evaluate(
        case["gt"], case["dt"], use_categories=bool(case["params"].get("useCats", 1)), **options
    )


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_case(path):
    case = json.loads(path.read_text())
    metrics = evaluate_case(case)
    expected = case["expected"]
    assert metrics.stats == pytest.approx(expected["stats"], abs=1e-12)
    precision, recall = metrics.arrays()
    np.testing.assert_allclose(precision, expected["precision_mean_TKAM"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(recall, expected["recall_TKAM"], rtol=0, atol=1e-12)
    assert {f"{v},{c}" for v, c in metrics.ious} == set(expected["ious"])
    for (video, category), iou in metrics.ious.items():
        np.testing.assert_array_equal(iou, expected["ious"][f"{video},{category}"])
