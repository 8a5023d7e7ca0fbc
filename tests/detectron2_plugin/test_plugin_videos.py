"""Which frame a model with the plug-in takes as reference at test time."""

import warnings

import pytest
import torch
from detectron2.modeling import build_model

from tests.helpers.plugin_models import image, play, small, stirred
from tpr.detectron2_plugin import TemporalBackbone, tpr_behind, use_tpr


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    cfg = use_tpr(small("MeanBrightness"))
    cfg.MODEL.TPR.VIDEOS = 2
    return stirred(build_model(cfg)).eval()


@pytest.fixture(autouse=True)
def anew(model):
    model.eval().backbone.reset()


def same(found, wanted) -> list[bool]:
    return [torch.equal(a, b) for a, b in zip(found, wanted, strict=True)]


def test_videos_that_take_turns_have_each_their_own_frame_before(model):
    apart = [play(model, [0, 1, 2], "a"), play(model, [3, 4, 5], "b")]
    model.backbone.reset()
    turns = [(play(model, [i], "a") + play(model, [i + 3], "b")) for i in range(3)]
    assert all(same([a for a, _ in turns], apart[0]) + same([b for _, b in turns], apart[1]))
    assert not torch.equal(apart[0][1], play(model, [1], None)[0])


def test_a_loader_may_make_tensors_of_numbers(model):
    wanted = play(model, [0, 1], 7, frame_id=[0, 1])
    model.backbone.reset()
    found = play(model, [0], torch.tensor(7), frame_id=[torch.tensor(0)])
    found += play(model, [1], torch.tensor(7), frame_id=[torch.tensor(1)])
    assert all(same(found, wanted)) and model.backbone.refined


def test_a_video_goes_on_from_inference_mode(model):
    wanted = play(model, [0, 1], "a")
    with torch.inference_mode():
        model([{"image": image(0), "video_id": "b"}])
    model([{"image": image(1), "video_id": "b"}])  # as users do who forget no_grad
    torch.testing.assert_close(model.backbone.previous.pyramid["p3"], wanted[1])


def test_a_single_image_between_frames_changes_nothing(model):
    wanted = play(model, [0, 1], "a")
    model.backbone.reset()
    play(model, [0], "a")
    (alone,) = play(model, [1], None)
    assert same(play(model, [1], "a"), wanted[1:]) == [True]
    assert not torch.equal(alone, wanted[1])


@pytest.mark.parametrize("frame_id", [None, [0, 1, 2], [5, 7, 9]])
def test_the_same_video_again_begins_anew(model, frame_id):
    numbers = {"frame_id": frame_id} if frame_id else {}
    first = play(model, [0, 1, 2], "a", **numbers)
    assert all(same(play(model, [0, 1, 2], "a", **numbers), first))


def test_a_still_scene_goes_on_and_another_evaluation_begins_anew(model):
    first, second, third = play(model, [0, 0, 0], "a")
    assert not torch.equal(first, second) and not torch.equal(second, third)
    model.train()
    model.eval()
    assert same(play(model, [0, 0], "a"), [first, second]) == [True, True]


def test_a_batch_holds_frames_of_several_videos_or_numbered_ones_of_one(model):
    wanted = play(model, [0, 1], "a") + play(model, [2, 3], "b")

    def batch(*inputs):
        with torch.no_grad():
            model([{"image": image(seed), **more} for seed, more in inputs])
        return model.backbone.previous.pyramid["p3"].split(1)

    a, b = ({"video_id": "a"}, {"video_id": "b"})
    model.backbone.reset()
    found = [*batch((0, a), (2, b)), *batch((3, b), (1, a))]
    for x, y in zip(found, (wanted[0], wanted[2], wanted[3], wanted[1]), strict=True):
        torch.testing.assert_close(x, y)
    model.backbone.reset()
    found = batch((0, a | {"frame_id": 0}), (5, {}), (1, a | {"frame_id": 1}))
    torch.testing.assert_close(found[2], wanted[1])
    torch.testing.assert_close(found[1], play(model, [5], None)[0])
    with pytest.raises(ValueError, match="two inputs of one batch are of video 'a'"):
        batch((0, a), (1, a))


def test_a_video_whose_frame_was_forgotten_is_told(model):
    for video in "abc":
        play(model, [0, 1], video)
    held = [video for video, seen in model.backbone.memory.seen.items() if seen.frame is not None]
    assert held == ["b", "c"]  # as many as MODEL.TPR.VIDEOS says
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        play(model, [2], "c")
        play(model, [0], "a")  # from its beginning
        play(model, [0], "b")
    with pytest.warns(UserWarning, match="video 'c' goes on without .*MODEL.TPR.VIDEOS"):
        play(model, [3], "c")


def test_a_video_changes_neither_its_size_nor_its_number_format(model):
    play(model, [0], "a")
    with torch.no_grad(), pytest.raises(ValueError, match="a frame and its reference have one"):
        model([{"image": image(1)[:, :, :32], "video_id": "a"}])
    pyramid = {
        k: x.bfloat16() for k, x in model.backbone.backbone(torch.zeros(1, 3, 64, 96)).items()
    }
    play(model, [0], "b")
    seen = model.backbone.memory.seen["b"]
    half = seen.frame._replace(pyramid=pyramid)  # as autocast leaves it
    model.backbone.memory.seen["b"] = seen._replace(frame=half)
    assert play(model, [1], "b")[0].dtype == torch.float32


def test_a_backbone_alone_takes_call_after_call_as_one_video(model):
    backbone = TemporalBackbone(model.backbone.backbone, model.backbone.temporal).eval()
    images = torch.randn(2, 1, 3, 64, 96)
    with torch.no_grad():
        alone = backbone(images[1])["p3"]
        backbone.reset()
        backbone(images[0])
        assert not torch.equal(backbone(images[1])["p3"], alone)


def test_levels_of_unlike_channels_are_refused(model):
    class Stages(torch.nn.Module):
        def output_shape(self):
            return model.backbone.backbone.bottom_up.output_shape()

    with pytest.raises(ValueError, match="TPR needs one number of channels"):
        tpr_behind(Stages())
