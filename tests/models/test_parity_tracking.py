"""Tracking head, association and loss against the TPR release's code."""

import numpy as np
import pytest
import torch

from tests.helpers.parity import arrays, state, tensor
from tpr.models.tracking import Tracker, TrackHead, embeddings_at, match_loss


@pytest.fixture(scope="module")
def reference():
    return arrays("track_head_release/outputs.npz")


def test_head(reference):
    head = TrackHead(64)
    renames = {"track_tower": "tower", "sipmask_track": "embed"}
    loaded = {
        renames[k.split(".")[0]] + k[k.index(".") :]: v
        for k, v in state("track_head_release/head_state.npz").items()
    }
    head.load_state_dict(loaded)
    for frame in ("query", "ref"):
        pyramid = {p: tensor(reference[f"head/input_{frame}_{p}_f16"]) for p in ("p3", "p4", "p5")}
        track = head(pyramid)[:, :, ::2, ::2].detach().numpy()
        np.testing.assert_allclose(track, reference[f"head/{frame}_track_s2"], atol=1e-4)


def test_embedding_at_box_centres(reference):
    inside = slice(0, 3)  # the release wraps centres that lie left of or above the image
    found = embeddings_at(tensor(reference["extract/track"])[0], tensor(reference["extract/boxes"]))
    np.testing.assert_allclose(found[inside].numpy(), reference["extract/feats"][inside])


def test_embedding_of_a_centre_outside_is_the_border_value():
    track = torch.arange(6.0).view(1, 2, 3)
    boxes = torch.tensor([[-50.0, -50.0, 0.0, 0.0], [90.0, 90.0, 99.0, 99.0]])
    assert embeddings_at(track, boxes).squeeze(1).tolist() == [0.0, 5.0]


def test_ids_and_memory_of_two_videos(reference):
    """The release keeps its memory into the second video when that starts with an empty frame."""
    tracker = Tracker()
    for t in range(8):
        boxes = tensor(reference[f"seq/frame{t}/boxes"])
        embeddings = embeddings_at(tensor(reference[f"seq/frame{t}/track"])[0], boxes)
        ids = tracker.step(
            boxes,
            tensor(reference[f"seq/frame{t}/scores"]),
            tensor(reference[f"seq/frame{t}/labels"]),
            embeddings,
        )
        assert ids.tolist() == reference[f"out_noalias/frame{t}/obj_ids"].tolist()
        for ours, name in (
            (tracker.boxes, "mem_boxes"),
            (tracker.classes, "mem_labels"),
            (tracker.embeddings, "mem_feats"),
        ):
            expected = reference[f"out_noalias/frame{t}/{name}"]
            np.testing.assert_allclose(ours.numpy(), expected, atol=1e-6)


def test_match_loss_and_gradients(reference):
    query = tensor(reference["train/query_track"]).requires_grad_()
    known = tensor(reference["train/reference_track"]).requires_grad_()
    strides = 2.0 ** (tensor(reference["train/fpn_levels"]) + 3)
    sides = tensor(reference["train/reg_pred"]) * strides[:, None]
    points = tensor(reference["train/locations"])
    boxes = torch.cat([points - sides[:, :2], points + sides[:, 2:]], 1)
    image = tensor(reference["train/im_inds"])
    here = [image == i for i in range(2)]
    instance = tensor(reference["train/gt_inds_relative"])
    loss = match_loss(
        [embeddings_at(query[i], boxes[here[i]]) for i in range(2)],
        [embeddings_at(known[i], tensor(reference[f"train/ref_boxes_{i}"])) for i in range(2)],
        [tensor(reference[f"train/gt_pids_{i}"])[instance[here[i]]] for i in range(2)],
    )
    assert loss.item() == pytest.approx(float(reference["train/loss_match"]), abs=1e-5)
    loss.backward()
    np.testing.assert_allclose(
        query.grad.sum(1).numpy(), reference["train/grad_query_sum"], atol=1e-6
    )
    np.testing.assert_allclose(
        known.grad.sum(1).numpy(), reference["train/grad_ref_sum"], atol=1e-6
    )
