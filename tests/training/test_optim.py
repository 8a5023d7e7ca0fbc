"""Optimisers where a parameter's first gradient is late and where fp16 leaves out steps."""

import pytest
import torch
from torch import nn

from tpr.training.optim import build_optimizer, load_state

SPECS = {
    "sgd": {"name": "sgd", "lr": 0.01, "momentum": 0.9, "weight_decay": 1e-4},
    "adamw": {"name": "adamw", "lr": 0.01, "weight_decay": 0.05},
}
PLAIN = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}


def parts():
    torch.manual_seed(0)
    return nn.ModuleDict({"early": nn.Linear(37, 23), "late": nn.Linear(37, 23)})


def plain(model, spec):
    """torch's optimiser as a loop over parameters: what the fused ones are to be equal to."""
    options = {k: v for k, v in spec.items() if k != "name"}
    return PLAIN[spec["name"]](model.parameters(), **options, foreach=False)


def weights(make, spec, *, iterations=6, begins=0, overflows=()):
    """All weights after some iterations of fp16's scaled losses.

    begins: the iteration with the first gradient of the part `late`; overflows: iterations with an
    infinite gradient, which are left out.
    """
    model, x = parts(), torch.randn(4, 37, generator=torch.Generator().manual_seed(1))
    optimizer, scaler = make(model, spec), torch.amp.GradScaler("cpu", init_scale=4.0)
    for iteration in range(iterations):
        optimizer.zero_grad(set_to_none=True)
        used = [part for name, part in model.items() if name == "early" or iteration >= begins]
        scaler.scale(sum(part(x).square().sum() for part in used)).backward()
        if iteration in overflows:
            model["early"].weight.grad[0, 0] = float("inf")
        scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
    return {name: p.detach() for name, p in model.named_parameters()}


CASES = [{"begins": 1}, {"overflows": (0,)}, {"overflows": (2,)}, {"begins": 2, "overflows": (0,)}]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_sgd_is_plain_sgd_to_the_last_bit(case):
    found, expected = (weights(make, SPECS["sgd"], **case) for make in (build_optimizer, plain))
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fused_adamw_is_plain_adamw_to_rounding(case):
    found, expected = (weights(make, SPECS["adamw"], **case) for make in (build_optimizer, plain))
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", SPECS)
def test_a_late_part_moves_as_if_training_began_then(name):
    late = weights(build_optimizer, SPECS[name], iterations=6, begins=2)
    fresh = weights(build_optimizer, SPECS[name], iterations=4)
    assert torch.equal(late["late.weight"], fresh["late.weight"])


@pytest.mark.parametrize("name", SPECS)
def test_a_step_that_is_left_out_leaves_no_trace(name):
    skipped = weights(build_optimizer, SPECS[name], iterations=6, overflows=(0, 3))
    without = weights(build_optimizer, SPECS[name], iterations=4)
    assert all(torch.equal(skipped[key], without[key]) for key in without)


def test_a_checkpoint_of_a_fused_sgd_goes_on_unfused():
    spec = SPECS["sgd"]
    old = torch.optim.SGD(parts().parameters(), lr=spec["lr"], momentum=0.9, fused=True)
    optimizer = build_optimizer(parts(), spec)
    load_state(optimizer, old.state_dict())
    assert [group["fused"] for group in optimizer.param_groups] == [None]
