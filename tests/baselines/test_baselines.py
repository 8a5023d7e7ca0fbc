"""What holds for every baseline of Tables 1(c) and 1(d), on tiny tensors."""

import pytest
import torch

from baselines.registry import BASELINES
from tpr.routing import Frame, budget_loss

CHANNELS = 16
SIZES = {"p3": (7, 11), "p4": (4, 6), "p5": (2, 3), "p6": (1, 2), "p7": (1, 1)}
CPR = {"rows": [2, 1], "scale_init": 0.1}
SAMPLED = {"sampling": {}, "cpr": CPR}
ROUTED = {"dacr": {}, "cpr": CPR}
FLOW = {"width": 4, "reduction": 1}
SPECS = {
    "flow-warp": {"warp": FLOW, "merge": {}, "cpr": CPR},
    "feature-flow": {"warp": {"width": 8}, "merge": {}, "cpr": CPR},
    "dcnv2-fusion": SAMPLED,
    "stsn": SAMPLED,
    "full-routing": ROUTED,
    "full-align": {"dacr": {}},
    "top-down": ROUTED,
    "merge": {"merge": {}, "cpr": CPR},
    "matched": {"dacr": {"radius": 1, "width": 4}, "cpr": CPR},
}
IDENTITY = {
    "merge": {"identity_init": True},
    "sampling": {"identity_init": True},
    "dacr": {"identity_init": True, "residual_init": 0.0},
    "cpr": CPR | {"residual_init": 0.0, "scale_init": 0.0},
}


def frame(batch: int = 2, seed: int = 0) -> Frame:
    generator = torch.Generator().manual_seed(seed)
    pyramid = {
        k: torch.rand(batch, CHANNELS, *size, generator=generator) for k, size in SIZES.items()
    }
    return Frame(pyramid, torch.randn(batch, 3, 52, 84, generator=generator))


def build(name: str, spec: dict | None = None):
    torch.manual_seed(0)
    return BASELINES[name]({"name": name, **(spec or SPECS[name])}, CHANNELS)


def identity(name: str):
    parts = IDENTITY | {"warp": SPECS[name].get("warp")}
    if name == "feature-flow":
        parts["warp"] = parts["warp"] | {"identity_init": True}
    return build(name, {part: parts[part] for part in SPECS[name]})


def test_every_baseline_is_tested():
    assert SPECS.keys() == BASELINES.keys()


@pytest.mark.parametrize("name", SPECS)
def test_odd_sizes_keep_their_shape_and_every_parameter_gets_a_gradient(name):
    module, query = build(name), frame(seed=1)
    out = module(query, frame(seed=2))
    assert {k: x.shape for k, x in out.items()} == {k: x.shape for k, x in query.pyramid.items()}
    loss = sum(x.square().mean() for x in out.values())
    (loss + budget_loss(module.gates) if module.gates else loss).backward()
    parameters = dict(module.named_parameters())
    assert [n for n, p in parameters.items() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("name", SPECS)
def test_the_reference_matters_and_a_video_of_the_batch_never_touches_another(name):
    module, query, reference = build(name).eval(), frame(seed=1), frame(seed=2)
    with torch.no_grad():
        both = module(query, reference)
        alone = module(query.rows([1]), reference.rows([1]))
        other = module(query, frame(seed=3))
    for level, x in both.items():
        torch.testing.assert_close(x[1:], alone[level], rtol=1e-4, atol=1e-5)
        assert not torch.equal(x, other[level])


def constant_video(module, frames: int = 50) -> list[Frame]:
    """What recursion makes of one frame, shown again and again."""
    query, out = frame(batch=1), []
    with torch.no_grad():
        for _ in range(frames):
            out.append(Frame(module(query, out[-1] if out else query), query.image))
    return out


@pytest.mark.parametrize("name", SPECS)
def test_a_constant_video_stays_bounded_under_recursion(name):
    frames = constant_video(build(name).eval())
    sizes = [max(x.abs().max().item() for x in one.pyramid.values()) for one in frames]
    assert max(sizes[40:]) <= 1.5 * max(sizes[:10]) < 100


@pytest.mark.parametrize("name", SPECS)
def test_a_constant_video_settles_from_the_identity_start(name):
    *_, before, last = constant_video(identity(name).eval())
    for level, x in last.pyramid.items():
        torch.testing.assert_close(before.pyramid[level], x, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["dcnv2-fusion", "full-routing", "full-align", "top-down"])
def test_the_identity_start_mixes_the_frames_as_dacrs_does(name):
    """0.866 query + 0.134 reference of the same level (full align: of all levels, on average)."""
    module, query, reference = identity(name), frame(seed=1), frame(seed=2)
    for parameter in (p for n, p in module.named_parameters() if "offset" in n):
        torch.nn.init.zeros_(parameter)
    if name == "full-align":
        reference = Frame({k: torch.full_like(x, 0.5) for k, x in reference.pyramid.items()})
    kept = 0.5 + 0.5 / (1 + torch.exp(torch.tensor(-1.0)).item())
    out = module(query, reference)
    for level, x in query.pyramid.items():
        expected = kept * x + (1 - kept) * reference.pyramid[level]
        torch.testing.assert_close(out[level], expected)


@pytest.mark.parametrize("name", ["dcnv2-fusion", "stsn", "flow-warp", "feature-flow"])
def test_a_rate_for_offsets_holds_for_whatever_says_where_to_sample(name):
    """`lr_scales: {offset: ...}` goes by parts of names; DACR's offsets are not alone in it."""
    module = build(name)
    scaled = [p for n, p in module.named_parameters() if "offset" in n.split(".")]
    module.requires_grad_(False)
    for parameter in scaled:
        torch.nn.init.zeros_(parameter)
    query, reference = frame(seed=1), frame(seed=2)
    found = module(query, reference)
    motion = {}
    for part in module.modules():
        motion |= getattr(part, "motion", {})
    assert scaled and found and all(not x.any() for x in motion.values())
