"""Every temporal module under autocast, on the CPU and by CUDA's lists, against itself in fp32."""

from contextlib import nullcontext

import pytest
import torch

from baselines.registry import BASELINES
from experiments.gpu_check.pretended import pretended_gpu
from tpr.models.build import TEMPORAL
from tpr.routing import Frame, budget_loss
from tpr.routing.sampling import DeformConv

CHANNELS = 64
CPR = {"rows": [2, 1], "scale_init": 0.1}
SPECS = {
    "tpr": {"dacr": {}, "cpr": CPR},
    "tpr-released": {"cell": "pconv", "rows": [1, 1, 1, 0, 0]},
    "tpr-released dynamic": {"cell": "dynamic", "rows": [1, 1, 1, 0, 0], "gates_open": True},
    "tpr-released group": {"cell": "dynamic", "rows": [1, 1, 1, 0, 0], "norm": "group"},
    "dcnv2-fusion": {"sampling": {}, "cpr": CPR},
    "stsn": {"sampling": {}, "cpr": CPR},
    "flow-warp": {"warp": {"width": 4}, "merge": {}, "cpr": CPR},
    "feature-flow": {"warp": {"width": 8}, "merge": {}, "cpr": CPR},
    "full-routing": {"dacr": {}, "cpr": CPR},
    "full-align": {"dacr": {}},
    "top-down": {"dacr": {}, "cpr": CPR},
}
ERRORS = {torch.bfloat16: 0.08, torch.float16: 0.01}  # of the largest feature


def build(name):
    torch.manual_seed(0)
    kind = name.split()[0]
    return (TEMPORAL | BASELINES)[kind]({"name": kind} | SPECS[name], CHANNELS)


def frames(dtype, device):
    """Two frames of one video as a backbone leaves them under autocast: features in half."""
    generator = torch.Generator().manual_seed(1)
    made = []
    for _ in range(2):
        image = torch.randn(1, 3, 128, 128, generator=generator)
        shapes = {f"p{i}": (1, CHANNELS, 128 >> i, 128 >> i) for i in range(3, 8)}
        pyramid = {k: torch.randn(v, generator=generator).relu() for k, v in shapes.items()}
        pyramid = {k: x.to(device, dtype) for k, x in pyramid.items()}
        made.append(Frame(pyramid, image.to(device)))
    return made


def refined(module, dtype, device, training):
    """The module's output in fp32 on the CPU; in training also whether its gradients are finite."""
    query, reference = frames(dtype, device)
    enabled = dtype is not torch.float32
    with torch.set_grad_enabled(training), torch.autocast(device, dtype, enabled=enabled):
        out = module(query, reference)
        loss = sum(x.float().square().mean() for x in out.values())
        gates = getattr(module, "gates", [])
        loss = loss + (0.1 * budget_loss(gates) if gates else 0.0)
    finite = True
    if training:
        loss.backward()
        gradients = [p.grad for p in module.parameters() if p.grad is not None]
        finite = bool(gradients) and all(bool(g.isfinite().all()) for g in gradients)
    return {name: x.detach().cpu().float() for name, x in out.items()}, finite


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("training", [True, False], ids=["training", "test"])
@pytest.mark.parametrize("name", SPECS)
def test_half_precision_is_the_same_function_to_rounding(name, training, device):
    expected, _ = refined(build(name).train(training), torch.float32, "cpu", training)
    for dtype, error in ERRORS.items():
        with pretended_gpu() if device == "cuda" else nullcontext():
            module = build(name).train(training).to(device)
            found, finite = refined(module, dtype, device, training)
        assert finite
        for level, x in expected.items():
            assert (found[level] - x).abs().max() < error * x.abs().max(), (level, dtype)


def test_offsets_that_overflowed_in_fp16_make_the_output_nan_where_they_are():
    """torchvision's CPU kernel, which computes here, would read outside of the map."""
    with pretended_gpu(), torch.autocast("cuda", torch.float16):
        conv = DeformConv(4, 2).to("cuda")
        x = torch.ones(1, 4, 6, 6, device="cuda", dtype=torch.float16)
        offset = torch.zeros(1, 18, 6, 6, dtype=torch.float16)
        offset[0, 3, 2, 1], offset[0, 4, 5, 5] = torch.nan, torch.inf
        out = conv(x, offset.to("cuda"))
        out.float().sum().backward()
        lost = out.detach().cpu().isnan()
    assert lost[0, :, 2, 1].all() and lost.sum() == 2
