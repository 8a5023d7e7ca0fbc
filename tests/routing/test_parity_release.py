"""The released variants of TPR against the release's outputs on small pyramids."""

import json
import re

import pytest
import torch

from tests.helpers.parity import ROOT, arrays, state, tensor
from tpr.models.build import TEMPORAL
from tpr.routing import Frame, ReleasedRouting, budget_loss, open_fraction
from tpr.routing.gates import open_positions

LEVELS = ("p3", "p4", "p5", "p6", "p7")
CELLS = {"r50": "pconv", "swin": "dynamic"}
TOLERANCE = {"r50": 1e-4, "swin": 1e-3}  # absolute, of features; gates 1e-4, costs 1e-5 relative
BUDGET_WEIGHT = 0.1

# Beginning or end of the release's parameter names -> ours, applied one after the other.
RENAMES = (
    (r"^fuse1\.", "align.unused_fusion."),
    (r"^offset_gen\.", "align.offset."),
    (r"^fuse2_1\.", "align.sample_reference."),
    (r"^fuse2_2\.", "align.sample_query."),
    (r"^align_tower\.0\.", "align.merge."),
    (r"^align_tower\.1\.", "align.bottlenecks.0."),
    (r"^align_tower\.2\.", "align.bottlenecks.1."),
    (r"^gate\.", "align.outer_gate."),
    (r"^fuse_subnets\.", "rows."),
    (r"\.depth_module\.", ".bottleneck."),
    (r"\.dynamic_convs\.0\.", ".from_finer."),
    (r"\.dynamic_convs\.1\.", ".from_coarser."),
    (r"\.Pconv\.0\.(weight|bias)$", r".from_coarser.conv.\1"),
    (r"\.Pconv\.1\.(weight|bias)$", r".own.conv.\1"),
    (r"\.Pconv\.2\.(weight|bias)$", r".from_finer.conv.\1"),
    (r"\.Pconv\.0\.conv_offset\.", ".from_coarser.offset."),
    (r"\.Pconv\.1\.conv_offset\.", ".own.offset."),
    (r"\.Pconv\.2\.conv_offset\.", ".from_finer.offset."),
    (r"\.bottleneck\.conv(\d)\.norm\.", r".norm\1."),
    (r"\.bottleneck\.conv(\d)\.", r".conv\1."),
    (r"\.convs\.0\.", ".conv."),
    (r"\.convs\.1\.", ".norm."),
    (r"\.gate\.gate_conv\.", ".gate.conv."),
    (r"^(rows\.\d\.\d)\.(norm\d|conv\d|gate)\.", r"\1.bottleneck.\2."),
)
# The same for our gates' names -> the release's.
GATES = (
    (r"^align\.0$", "align_tower.1"),
    (r"^align\.1$", "align_tower.2"),
    (r"^row", "fuse_subnets."),
    (r"\.from_finer$", ".dynamic_convs.0"),
    (r"\.from_coarser$", ".dynamic_convs.1"),
    (r"\.bottleneck$", ".depth_module"),
)


def renamed(name: str, table: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in table:
        name = re.sub(pattern, replacement, name)
    return name


def built(variant: str, **options) -> ReleasedRouting:
    """The variant with the release's weights; with its norm and costs unless told otherwise."""
    module = ReleasedRouting(
        64, **{"cell": CELLS[variant], "norm": "group", "release_cost": True} | options
    )
    shapes = {k: v.shape for k, v in module.state_dict().items()}
    loaded = {renamed(k, RENAMES): v for k, v in state(f"tpr_release/{variant}_state.npz").items()}
    module.load_state_dict({k: v.reshape(shapes[k]) for k, v in loaded.items()})
    return module


@pytest.fixture(scope="module", params=CELLS)
def variant(request):
    return request.param


@pytest.fixture(scope="module")
def reference(variant):
    return {k: tensor(v) for k, v in arrays(f"tpr_release/{variant}_outputs.npz").items()}


def frames(reference: dict, batch: int) -> tuple[Frame, Frame]:
    """Query and reference."""
    return tuple(
        Frame({k: reference[f"input/{which}_{k}_f16"][:batch] for k in LEVELS})
        for which in ("query", "ref")
    )


def close(found: dict, reference: dict, mode: str, tolerance: float) -> None:
    for k in LEVELS:
        torch.testing.assert_close(found[k], reference[f"{mode}/out_{k}"], atol=tolerance, rtol=0)


def release_gate(use) -> str:
    """Our gate's name in the fixture, which ends in the number of the call."""
    row = re.match(r"row(\d)", use.name)
    first = min(int(row[1]), 2) if row else 0
    return f"{renamed(use.name, GATES)}.gate/{LEVELS.index(use.level) - first}"


def check_gates_and_costs(module: ReleasedRouting, reference: dict, mode: str) -> None:
    found = {f"{mode}/gate/{release_gate(use)}": use.gate for use in module.gates}
    assert len(found) == len(module.gates)
    assert set(found) == {k for k in reference if k.startswith(f"{mode}/gate/")}
    for name, gate in found.items():
        torch.testing.assert_close(gate, reference[name], atol=1e-4, rtol=0)
        assert torch.equal(gate > 0, reference[name] > 0), name
    soft, used = (sum(getattr(use, k)() for use in module.gates) for k in ("soft", "used"))
    full = torch.full_like(soft, sum(use.full() for use in module.gates))
    for name, cost in (("soft", soft), ("used", used.float()), ("full", full)):
        torch.testing.assert_close(cost, reference[f"{mode}/cost_{name}"], rtol=1e-5, atol=0)


def test_training_outputs_gates_costs_and_gradients(variant, reference):
    module = built(variant).train()
    out = module(*frames(reference, 2))
    close(out, reference, "train", TOLERANCE[variant])
    check_gates_and_costs(module, reference, "train")

    budget = BUDGET_WEIGHT * budget_loss(module.gates)
    torch.testing.assert_close(budget, reference["train/budget_loss"], rtol=1e-5, atol=0)
    spent = open_fraction(module.gates).mean()
    torch.testing.assert_close(spent, reference["train/complexity_ratio"], rtol=1e-5, atol=0)
    loss = budget + sum((out[k] * reference[f"train/probe_W_{k}_f16"]).mean() for k in LEVELS)
    torch.testing.assert_close(loss, reference["train/probe_loss"], rtol=0, atol=1e-5)
    loss.backward()
    check_gradients(module, variant)


def check_gradients(module: ReleasedRouting, variant: str) -> None:
    norms = json.loads((ROOT / f"tpr_release/{variant}_grad_l2.json").read_text())
    expected = {renamed(k, RENAMES): v for k, v in norms.items()}
    found = {k: p.grad for k, p in module.named_parameters()}
    assert {k for k, g in found.items() if g is None} == {
        k for k, v in expected.items() if v is None
    }
    for name, grad in found.items():
        if grad is not None:
            assert grad.norm().item() == pytest.approx(expected[name], rel=1e-3, abs=1e-7), name


def test_evaluation_follows_the_masked_convolutions(variant, reference):
    module = built(variant).eval()
    with torch.no_grad():
        out = module(*frames(reference, 1))
    close(out, reference, "eval", TOLERANCE[variant])
    check_gates_and_costs(module, reference, "eval")


def test_evaluation_takes_any_batch(variant, reference):
    """The release's masked convolutions take one image; ours give each its own statistics."""
    module = built(variant).eval()
    with torch.no_grad():
        out = module(*frames(reference, 2))
    close({k: x[:1] for k, x in out.items()}, reference, "eval", TOLERANCE[variant])


def test_steps_of_the_alignment(variant, reference):
    align = built(variant).eval().align
    captured = {}
    for name in ("offset", "sample_reference", "sample_query", "merge"):
        getattr(align, name).register_forward_hook(
            lambda _, __, out, name=name: captured.__setitem__(name, out)
        )
    names = {
        "offset": "offset_gen",
        "sample_reference": "fuse2_1",
        "sample_query": "fuse2_2",
        "merge": "align_tower.0",
    }
    query, other = frames(reference, 1)
    with torch.no_grad():
        aligned, _ = align(query.pyramid["p3"], other.pyramid["p3"], "p3")
        torch.testing.assert_close(aligned, reference["eval/aligned/p3"], atol=1e-4, rtol=0)
        routed = _routed_before_p4(variant, reference)
        align(routed, other.pyramid["p4"], "p4")
    for ours, theirs in names.items():
        expected = reference[f"eval/mid/{theirs}/p4"]
        torch.testing.assert_close(captured[ours], expected, atol=TOLERANCE[variant], rtol=0)


def _routed_before_p4(variant: str, reference: dict) -> torch.Tensor:
    """P4 of the query after row 0, which is what the second alignment sees."""
    module, seen = built(variant).eval(), []
    module.align.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    module(*frames(reference, 1))
    return seen[1]


def test_release_norm_is_two_functions_and_ours_is_one(variant, reference):
    inputs = frames(reference, 1)
    outputs = {}
    with torch.no_grad():
        for norm in ("group", "position"):
            module = built(variant, norm=norm)
            outputs[norm] = module.train()(*inputs), module.eval()(*inputs)
    close(outputs["group"][0], reference, "dense", TOLERANCE[variant])
    trained, tested = outputs["group"]
    assert max((trained[k] - tested[k]).abs().max().item() for k in LEVELS) > 0.1
    trained, tested = outputs["position"]
    assert all(torch.equal(trained[k], tested[k]) for k in LEVELS)


def test_position_norm_does_not_see_closed_positions(variant, reference):
    """Zeroing what masked execution would skip changes nothing with our norm."""
    module = built(variant, norm="position").eval()
    inputs = frames(reference, 2)
    with torch.no_grad():
        dense = module(*inputs)
        for bottleneck in module.modules():
            if hasattr(bottleneck, "norm1"):
                for norm in (bottleneck.norm1, bottleneck.norm2):
                    norm.register_forward_hook(lambda _, args, out: out * open_positions(*args[1:]))
        masked = module(*inputs)
    for k in LEVELS:
        torch.testing.assert_close(masked[k], dense[k], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("cell", "millions"), [("pconv", 23.339783), ("dynamic", 15.837257)])
def test_full_size_parameters(cell, millions):
    """As many as in the release; 1.304 M of them are never used there."""
    with torch.device("meta"):
        module = ReleasedRouting(256, cell=cell)
        used = ReleasedRouting(256, cell=cell, unused_fusion=False)
    count = lambda m: sum(p.numel() for p in m.parameters()) / 1e6  # noqa: E731
    assert count(module) == pytest.approx(millions, abs=1e-9)
    assert count(module) - count(used) == pytest.approx(1.304091, abs=1e-9)


def test_unused_fusion_changes_nothing_but_the_count(variant, reference):
    module = built(variant).eval()
    less = ReleasedRouting(64, cell=CELLS[variant], norm="group", unused_fusion=False).eval()
    kept = {k: v for k, v in module.state_dict().items() if "unused" not in k}
    less.load_state_dict(kept)
    with torch.no_grad():
        out, expected = (m(*frames(reference, 1)) for m in (less, module))
    assert all(torch.equal(out[k], expected[k]) for k in LEVELS)


def test_gates_start_at_zero_as_in_the_release_or_open():
    biases = lambda m: {v.item() for k, v in m.state_dict().items() if "gate.conv.bias" in k}  # noqa: E731
    assert biases(ReleasedRouting(32, cell="dynamic")) == {0.0}
    assert min(biases(ReleasedRouting(32, cell="dynamic", gates_open=True))) > 3.8


def test_built_from_a_spec_and_levels_that_do_not_halve():
    spec = {"name": "tpr-released", "cell": "pconv", "rows": [1, 0, 0, 0, 0]}
    module = TEMPORAL["tpr-released"](spec, 64)
    sizes = {"p2": (9, 9), "p3": (5, 7), "p4": (3, 4), "p5": (2, 2), "p6": (1, 1), "p7": (1, 1)}
    frame = Frame({k: torch.rand(1, 64, *size) for k, size in sizes.items()})
    out = module(frame, frame)
    assert {k: tuple(x.shape[-2:]) for k, x in out.items()} == sizes
    assert out["p2"] is frame.pyramid["p2"]
    frame.pyramid["p5"] = torch.rand(1, 64, 2, 3)
    with pytest.raises(ValueError, match="p5 is .* but half of p4"):
        module(frame, frame)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"cell": "conv"}, "cell"), ({"rows": (1, 1)}, "rows"), ({"norm": "batch"}, "norm")],
)
def test_unknown_options_are_errors(options, message):
    with pytest.raises(ValueError, match=message):
        ReleasedRouting(32, **options)
