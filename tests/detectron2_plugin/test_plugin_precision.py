"""Models with the plug-in under autocast and torch.compile, where those without it work."""

import pytest
import torch
from detectron2.modeling import build_model
from detectron2.utils.events import EventStorage

from experiments.gpu_check.pretended import pretended_gpu
from tests.helpers.plugin_models import SIZE, image, play, small, stirred, training_input
from tpr.detectron2_plugin import use_tpr

DTYPES = pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bf16", "fp16"])


def check_gradients(model):
    gradients = [p.grad for p in model.backbone.temporal.parameters()]
    assert all(g is not None and bool(g.isfinite().all()) for g in gradients)


def check_close(found, wanted):
    for x, y in zip(found, wanted, strict=True):
        assert y.any() and (x.cpu().float() - y.cpu()).abs().max() < 0.05 * y.cpu().abs().max()


@DTYPES
def test_mask_rcnn_trains_and_follows_videos_under_autocast(dtype):
    torch.manual_seed(0)
    model = stirred(build_model(use_tpr(small())))
    with EventStorage(), torch.autocast("cpu", dtype):
        losses = model([training_input() | {"reference": image(1)}])
    sum(losses.values()).backward()
    check_gradients(model)
    model.eval()
    wanted = play(model, [0, 1, 2], "a")
    model.backbone.reset()
    with torch.autocast("cpu", dtype):
        found = play(model, [0, 1], "a")
    assert model.backbone.refined and found[1].dtype == dtype
    check_close([*found, *play(model, [2], "a")], wanted)  # the last in fp32, after one in half


@DTYPES
def test_the_backbone_trains_and_follows_videos_on_cuda(dtype):
    """Without detectron2's batching of images, which the pretended GPU does not do."""
    torch.manual_seed(0)
    model = stirred(build_model(use_tpr(small())))
    images = [torch.randn(1, 3, *SIZE) for _ in range(3)]

    def video(device):
        model.to(device).eval().backbone.reset()
        for i, x in enumerate(images):
            model.backbone.inputs = [{"video_id": 1, "frame_id": i}]
            with torch.no_grad(), torch.autocast(device, dtype, enabled=device == "cuda" and i < 2):
                yield model.backbone(x.to(device))["p3"]

    wanted = list(video("cpu"))
    with pretended_gpu():
        check_close(list(video("cuda")), wanted)
        backbone = model.train().backbone
        backbone.reference = images[1].to("cuda")
        with torch.autocast("cuda", dtype):
            pyramid = backbone(images[0].to("cuda"))
            loss = sum(x.float().square().mean() for x in pyramid.values())
            loss = loss + backbone.losses()["loss_budget"] + backbone.nothing()
        loss.backward()
        check_gradients(model)


def test_torch_compile_takes_the_model_and_its_parts():
    torch.manual_seed(0)
    cfg = use_tpr(small("MeanBrightness"))
    cfg.MODEL.TPR.ROWS = (1,)
    model = stirred(build_model(cfg))
    pair = [{"image": image(0), "reference": image(1)}]
    with torch.no_grad():
        losses = model(pair)
    wanted = play(model.eval(), [0, 1], "a")
    model.backbone.reset()
    compiled = torch.compile(model, backend="eager")
    for x, y in zip(play(compiled, [0, 1], "a"), wanted, strict=True):
        torch.testing.assert_close(x, y, rtol=1e-3, atol=1e-3)
    with torch.no_grad():
        again = compiled.train()(pair)
    torch.testing.assert_close(again, losses, rtol=1e-3, atol=1e-4)
