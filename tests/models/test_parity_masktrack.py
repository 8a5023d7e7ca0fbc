"""MaskTrack R-CNN's tracking head, loss, cues and memory against the public implementation."""

import numpy as np
import pytest
import torch

from tests.helpers.parity import arrays, state, tensor
from tpr.models.masktrack import BoxTrackHead
from tpr.models.tracking import Tracker, association_scores, match_loss


@pytest.fixture(scope="module")
def reference():
    return arrays("masktrack/outputs.npz")


@pytest.fixture
def head():
    built = BoxTrackHead(8, 64)
    built.load_state_dict(state("masktrack/state.npz"))
    return built


def close(actual, expected, tolerance=1e-4):
    np.testing.assert_allclose(actual.detach().numpy(), expected, rtol=0, atol=tolerance)


def test_match_loss_and_gradients(head, reference):
    """Samples of weight 0 are no samples of ours."""
    query = head(tensor(reference["train/x"])).split(reference["train/x_n"].tolist())
    known = head(tensor(reference["train/ref_x"])).split(reference["train/ref_x_n"].tolist())
    ids = tensor(reference["train/ids"]).split(reference["train/x_n"].tolist())
    counted = [tensor(reference[f"train/id_weights_{i}"]) > 0 for i in range(2)]
    for i in range(2):
        close(query[i] @ known[i].t(), reference[f"train/match_score_{i}"][:, 1:])
    loss = match_loss(
        [x[c] for x, c in zip(query, counted, strict=True)],
        known,
        [x[c] for x, c in zip(ids, counted, strict=True)],
    )
    assert loss.item() == pytest.approx(reference["train/loss_match"].item(), abs=1e-4)
    loss.backward()
    close(head.fcs[0].bias.grad, reference["train/grad_fcs0_bias"])
    close(head.fcs[1].weight.grad, reference["train/grad_fcs1_weight"])


def test_cues(reference):
    """`match_ll` is log-softmaxed already, and a log-softmax of it changes nothing."""
    likelihood = tensor(reference["formula/match_ll"])
    scores = association_scores(
        likelihood[:, 1:] - likelihood[:, :1],
        tensor(reference["formula/bbox_scores"])[:, 0],
        tensor(reference["formula/bbox_ious"]),
        tensor(reference["formula/label_delta"]),
    )
    offset = likelihood.logsumexp(1)[:, None]
    close(scores + offset, reference["formula/comp_scores"])


@torch.no_grad()
def test_ids_and_memory_of_two_videos(head, reference):
    """In the public code's box convention; the second video starts with an empty frame."""
    for t, first in enumerate(reference["seq/is_first"]):
        if first:
            tracker = Tracker(extent=1.0)
        frame = {
            name: tensor(reference[f"seq/frame{t}/{name}"])
            for name in ("det_bboxes5_orig", "labels", "roi_feats", "obj_ids")
        }
        boxes = frame["det_bboxes5_orig"]
        features = head(frame["roi_feats"])
        ids = tracker.step(boxes[:, :4], boxes[:, 4], frame["labels"], features)
        assert ids.tolist() == frame["obj_ids"].tolist()
        if tracker.boxes is not None:
            close(tracker.boxes, reference[f"seq/frame{t}/mem_bboxes5"][:, :4])
            assert tracker.classes.tolist() == reference[f"seq/frame{t}/mem_labels"].tolist()
