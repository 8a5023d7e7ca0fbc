"""The query head: masked attention by hand, what it learns, and its tracks."""

import pytest
import torch

from baselines.tracking.minvis import MinVIS
from experiments.declared.manifests import load_manifests
from experiments.pipeline.graph import Graph
from experiments.pipeline.stage_bodies import BODIES
from experiments.stages.layout import Layout
from experiments.stages.progress import QuietLog
from tests.helpers.tiny import MODEL
from tests.models.test_yolact import objects
from tpr.cost.conventions import PRODUCTS
from tpr.cost.model import measure
from tpr.models.build import build_model
from tpr.models.mask2former.attention import Attention, outside, sine_positions
from tpr.models.mask2former.head import boxes_around, certainty
from tpr.models.mask2former.losses import NO_OBJECT
from tpr.models.mask2former.tracking import (
    LIKENESS,
    QueryTrackHead,
    bear,
    track_embeddings,
)
from tpr.models.tracking import Tracker
from tpr.routing import Frame

SIZE = (64, 96)
HEAD = {"name": "mask2former", "queries": 6, "width": 32, "layers": 3, "heads": 4}
HEAD |= {"feedforward": 64, "threshold": 0.0}


@pytest.fixture
def model():
    torch.manual_seed(0)
    track = {"name": "query", "embedding": 16}
    return build_model(MODEL | {"channels": 32, "head": HEAD, "track": track}, 3)


def test_queries_look_into_their_masks_or_everywhere():
    """On a level of 1 x 2 cells: the left half, nothing, and the mean of a cell decides."""
    masks = torch.full((1, 3, 2, 4), -1.0)
    masks[0, 0, :, :2] = 1
    masks[0, 2, 0, :] = 2
    assert outside(masks, (1, 2))[0].tolist() == [[False, True], [False, False], [False, False]]


def test_blocked_cells_do_not_matter():
    torch.manual_seed(0)
    attention = Attention(8, 2)
    query, cells = torch.rand(1, 2, 8), torch.rand(1, 3, 8)
    blocked = torch.tensor([[[False, False, True], [False, True, True]]])
    before = attention(query, cells, cells, blocked)
    cells = cells.index_fill(1, torch.tensor([2]), 7.0)
    torch.testing.assert_close(attention(query, cells, cells, blocked), before)
    only = attention.out(attention.value(cells[:, :1]))  # one cell left: its value
    torch.testing.assert_close(before[:, 1:], only)
    assert not torch.allclose(attention(query, cells, cells), before)


def test_attention_is_torchs():
    torch.manual_seed(0)
    ours, theirs = Attention(8, 2), torch.nn.MultiheadAttention(8, 2, batch_first=True)
    parts = ours.query, ours.key, ours.value
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([x.weight for x in parts]))
        theirs.in_proj_bias.copy_(torch.cat([x.bias for x in parts]))
        theirs.out_proj.load_state_dict(ours.out.state_dict())
    query, key, value = torch.rand(2, 3, 8), torch.rand(2, 5, 8), torch.rand(2, 5, 8)
    torch.testing.assert_close(ours(query, key, value), theirs(query, key, value)[0])


def test_positions_tell_all_cells_apart():
    places = sine_positions((3, 5), 16, torch.device("cpu"))
    assert places.shape == (15, 16)
    assert torch.equal(places[0, :8], places[4, :8])  # one row
    assert torch.equal(places[0, 8:], places[10, 8:])  # one column
    assert torch.cdist(places, places).fill_diagonal_(1).min() > 0.1


def test_boxes_and_certainty_of_masks():
    masks = torch.zeros(2, 4, 6)
    masks[0, 1:3, 2:5] = 0.75
    assert boxes_around(masks > 0.5).tolist() == [[2, 1, 5, 3], [0, 0, 6, 4]]
    assert certainty(masks).tolist() == [0.75, 0]


def test_shapes_of_predictions(model):
    images = torch.randint(0, 256, (2, 3, *SIZE), dtype=torch.uint8)
    found, queries = model.head(model.frames(images).pyramid)
    assert len(found) == 1 + HEAD["layers"] and queries.shape == (2, 6, 32)
    assert found[0].logits.shape == (2, 6, 4) and found[0].masks.shape == (2, 6, 16, 24)


def test_an_image_without_objects_trains(model):
    images = torch.randint(0, 256, (2, 3, *SIZE), dtype=torch.uint8)
    nothing = model.image_losses(images, [objects([], [])] * 2)
    assert {k for k, v in nothing.items() if v != 0} == {"loss_cls"}
    sum(nothing.values()).backward()


def test_losses_do_not_depend_on_how_a_batch_is_split(model):
    """Sums of two images are those of each, weighted by its objects and queries."""
    images = torch.randint(0, 256, (2, 3, *SIZE), dtype=torch.uint8)
    truth = [objects([[0, 0, 40, 40], [50, 8, 90, 60]], [0, 1]), objects([[8, 8, 60, 60]], [2])]
    model.eval()
    both = model.image_losses(images, truth)
    one, other = (model.image_losses(images[i : i + 1], truth[i : i + 1]) for i in (0, 1))
    for name in ("loss_mask", "loss_dice"):
        torch.testing.assert_close(3 * both[name], 2 * one[name] + other[name])
    weights = [n + NO_OBJECT * (6 - n) for n in (2, 1)]
    parts = weights[0] * one["loss_cls"] + weights[1] * other["loss_cls"]
    torch.testing.assert_close(sum(weights) * both["loss_cls"], parts)


def picture(places):
    """Bright rectangles on a dark ground, with noise; their boxes and classes."""
    image = torch.randint(0, 40, (1, 3, *SIZE), dtype=torch.uint8)
    for n, (left, top, right, bottom) in enumerate(places):
        image[0, n, top:bottom, left:right] = 220
    return image, objects(places, list(range(len(places))))


def trained(model, places, steps=60):
    image, truth = picture(places)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(steps):
        loss = sum(model.image_losses(image, [truth]).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    return image


def shown(model, image):
    """Detections of an image whose score is above a half."""
    found = model.detect(model.frames(image), SIZE)[0]
    return found[found.scores > 0.5]


def test_it_learns_an_image_by_heart_and_carries_its_objects_by_query(model):
    """In the next frame they have moved; their queries have not changed."""
    image = trained(model, [[8, 8, 40, 40], [56, 16, 88, 56]])
    found = shown(model, image)
    assert sorted(found.pred_classes.tolist()) == [0, 1]
    order = found.pred_classes.argsort()
    goal = torch.tensor([[8.0, 8, 40, 40], [56, 16, 88, 56]])
    torch.testing.assert_close(found.pred_boxes.tensor[order], goal, atol=4, rtol=0)

    again = shown(model, picture([[12, 8, 44, 40], [52, 20, 84, 60]])[0])
    assert len(again) == 2
    for tracker in (Tracker(), MinVIS()):
        ids = [
            tracker.step(
                x.pred_boxes.tensor, x.scores, torch.zeros_like(x.pred_classes), x.embedding
            )
            for x in (found, again)
        ]
        classes = [
            dict(zip(i.tolist(), x.pred_classes.tolist(), strict=True))
            for i, x in zip(ids, (found, again), strict=True)
        ]
        assert classes[0] == classes[1] and len(classes[0]) == 2


def test_embeddings_come_from_the_queries_of_the_boxes(model):
    frame = model.frames(torch.randint(0, 256, (2, 3, *SIZE), dtype=torch.uint8))
    model.head.test_settings["keep"] = 4
    found = model.eval().detect(frame, SIZE)
    queries = model.head(frame.pyramid)[1]
    for one, own in zip(found, queries, strict=True):
        likeness = one.embedding @ track_embeddings(own).t() / LIKENESS
        assert torch.allclose(likeness.amax(1), torch.ones(4)) and len(one) == 4
        assert len(set(likeness.argmax(1).tolist())) == 4


def test_unlike_queries_are_below_a_new_object():
    torch.manual_seed(0)
    queries = track_embeddings(torch.randn(10, 32) + 5)  # alike but for little
    likeness = queries @ queries.t()
    assert torch.allclose(likeness.diagonal(), torch.full((10,), LIKENESS))
    assert likeness.fill_diagonal_(0).sum() < 0


def test_boxes_bear_their_queries_embeddings():
    boxes, embeddings = torch.rand(3, 4), torch.rand(3, 8)
    bear(boxes, embeddings)
    head = QueryTrackHead(16)
    assert head.embeddings({}, [boxes])[0] is embeddings
    assert head.embeddings({}, [torch.rand(2, 4)])[0].shape == (2, 0)
    assert not list(head.parameters())


def test_tpr_acts_on_what_the_decoder_reads(model):
    """Another frame before changes the predictions, and the loss reaches TPR's weights."""
    images = torch.randint(0, 256, (3, 3, *SIZE), dtype=torch.uint8)
    query, one, other = (model.frames(images[i : i + 1]) for i in range(3))
    with torch.no_grad():
        found = [model.head(model.refine(query, x).pyramid)[0][-1].masks for x in (one, other)]
    assert not torch.equal(*found)
    truth = objects([[8, 8, 40, 40]], [1])
    truth.gt_ids = torch.tensor([1])
    losses = model.losses(images[:1], [truth], images[1:2], [truth])
    assert losses["loss_match"] == 0
    sum(losses.values()).backward()
    assert any(p.grad is not None and p.grad.any() for p in model.temporal.dacr.parameters())


def test_detections_do_not_depend_on_the_rest_of_the_batch(model):
    images = torch.randint(0, 256, (2, 3, *SIZE), dtype=torch.uint8)
    both = model.eval().detect(model.frames(images), SIZE)[1]
    alone = model.detect(Frame(model.frames(images[1:]).pyramid), SIZE)[0]
    torch.testing.assert_close(both.scores, alone.scores)
    torch.testing.assert_close(both.embedding, alone.embedding, atol=1e-4, rtol=1e-4)


def test_profile_smoke_runs_it_from_pictures_to_ap(tmp_path):
    """Every stage of the run with TPR, by the suite's own bodies and the profile's settings."""
    manifests = load_manifests(Layout("smoke").manifests)
    graph, found = Graph(manifests.runs, manifests.profile("smoke")), {}

    def made(stage):
        out = tmp_path / stage.key
        if stage.key not in found:
            out.mkdir()
            inputs = {role: made(one) for role, one in stage.inputs.items()}
            found[stage.key] = BODIES[stage.kind](stage.spec, inputs, out, QuietLog())
        return out

    stage = graph.evaluate("mask2former-r50+tpr", 0)
    made(stage)
    trained = found[stage.inputs["train"].key]
    assert {"loss_cls", "loss_mask", "loss_dice", "loss_budget"} <= trained["final_losses"].keys()
    assert trained["final_losses"]["loss_match"] == 0
    assert 0 <= found[stage.key]["AP"] <= 100 and found[stage.key]["frames"] == 16


def test_its_costs_are_those_of_its_layers():
    """At 64 x 96: keys and values of all levels, three layers on 6 queries, masks after each."""
    cost = measure(MODEL | {"channels": 32, "head": HEAD, "track": {"name": "query"}}, 3, SIZE, 5)
    assert cost["unknown"] == [] and "tracking head" not in cost["params"]
    queries, width, cells, pixels = 6, 32, (6, 24, 96), 16 * 24
    inputs = sum(n * width * width for n in cells)
    cross = sum(2 * width * (queries * width + n * width + queries * n) for n in cells)
    own = 3 * 2 * width * queries * (2 * width + queries)
    perceptrons = 3 * 2 * queries * width * HEAD["feedforward"]
    predictions = 4 * queries * width * (3 * width + 4 + pixels)
    products = cost["macs"]["query decoder"][PRODUCTS]
    assert products == inputs + cross + own + perceptrons + predictions
