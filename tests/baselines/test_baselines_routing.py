"""What defines the routing spaces of Table 1(c)."""

import torch

from baselines.full_align import FullAlign
from baselines.full_routing import FullRouting
from baselines.resize import fit
from baselines.top_down import TopDownRouting
from tests.baselines.test_baselines import CHANNELS, SIZES, frame
from tpr.routing import CPR, DACR, Frame, TemporalPyramidRouting


def cells(rows: tuple[int, ...]) -> CPR:
    torch.manual_seed(0)
    return CPR(CHANNELS, rows, scale_init=0.5)


def levels_per_cell(module, cpr: CPR) -> list[int]:
    """How many levels each cell works on, in the order in which the cells run."""
    seen: list[int] = []
    hooks = [
        cell.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
        for row in cpr.rows
        for cell in row
    ]
    module(frame(), frame())
    for hook in hooks:
        hook.remove()
    return seen


def test_full_routing_with_one_level_equals_one_cell():
    cpr, x = cells((1,)), frame()
    out = FullRouting(None, cpr, levels=("p4",))(x, x)
    torch.testing.assert_close(out["p4"], cpr.rows[0][0]([("p4", x.pyramid["p4"])])[0][0])
    assert out["p3"] is x.pyramid["p3"]


def test_full_routing_takes_every_level_through_every_cell():
    cpr = cells((3, 2, 1, 1))
    assert levels_per_cell(FullRouting(None, cpr), cpr) == [5] * 7


def test_top_down_is_cpr_upside_down():
    cpr = cells((3, 2, 1, 1))
    assert levels_per_cell(TemporalPyramidRouting(None, cpr), cpr) == [5, 5, 5, 4, 4, 3, 2]
    assert levels_per_cell(TopDownRouting(None, cpr), cpr) == [5, 5, 5, 4, 4, 3, 2]
    positions = [h * w for h, w in SIZES.values()]
    used = {}
    for name, module in (("up", TemporalPyramidRouting), ("down", TopDownRouting)):
        routing = module(None, cpr)
        routing(frame(), frame())
        used[name] = [u.level for u in routing.gates if u.name.endswith("bottleneck")]
    weight = dict(zip(SIZES, positions, strict=True))
    up, down = (sum(weight[level] for level in used[k]) for k in ("up", "down"))
    totals = [sum(positions[i:]) for i in range(5)], [sum(positions[: 5 - i]) for i in range(5)]
    for total, expected in zip((up, down), totals, strict=True):
        assert total == sum(n * t for n, t in zip((3, 2, 1, 1), expected, strict=False))


def test_top_down_routing_carries_high_levels_down():
    """A single row at the top leaves no level out; a later row never touches coarser ones."""
    x = frame()
    out = TopDownRouting(None, cells((0, 1)))(x, x)
    assert torch.equal(out["p7"], x.pyramid["p7"])
    assert all(not torch.equal(out[k], x.pyramid[k]) for k in ("p3", "p4", "p5", "p6"))
    changed = Frame(x.pyramid | {"p6": x.pyramid["p6"] + 1})
    again = TopDownRouting(None, cells((0, 1)))(changed, changed)
    assert not torch.equal(out["p5"], again["p5"])


def test_routing_spaces_share_cprs_parameters():
    """Only the order and reach of the same cells differ, so the parameters do not."""
    cpr = cells((3, 2, 1, 1))
    own = sum(p.numel() for p in cpr.parameters())
    for module in (FullRouting, TopDownRouting):
        assert sum(p.numel() for p in module(None, cpr).parameters()) == own


def test_without_cells_only_dacr_is_left():
    torch.manual_seed(0)
    dacr, query, reference = DACR(CHANNELS), frame(seed=1), frame(seed=2)
    expected = TemporalPyramidRouting(dacr, None)(query, reference)
    for module in (FullRouting, TopDownRouting):
        out = module(dacr, cells(()))(query, reference)
        for level, x in expected.items():
            torch.testing.assert_close(out[level], x)


def test_full_align_averages_dacr_over_all_reference_levels():
    torch.manual_seed(0)
    dacr, query, reference = DACR(CHANNELS), frame(seed=1), frame(seed=2)
    module = FullAlign(dacr)
    out = module(query, reference)
    x = query.pyramid["p5"]
    parts = [dacr(x, fit(r, x.shape[-2:]), "p5")[0] for r in reference.pyramid.values()]
    torch.testing.assert_close(out["p5"], sum(parts) / 5)
    assert len(module.gates) == 2 * 25
    assert {use.name.split(".")[0] for use in module.gates if use.level == "p3"} == set(SIZES)


def test_full_align_with_one_level_is_dacr():
    torch.manual_seed(0)
    dacr, query, reference = DACR(CHANNELS), frame(seed=1), frame(seed=2)
    out = FullAlign(dacr, levels=("p3",))(query, reference)
    expected = dacr(query.pyramid["p3"], reference.pyramid["p3"], "p3")[0]
    torch.testing.assert_close(out["p3"], expected)


def test_fit_averages_down_and_interpolates_up():
    x = torch.arange(16.0).view(1, 1, 4, 4)
    assert fit(x, (2, 2)).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert fit(x[..., :1, :2], (1, 3)).flatten().tolist() == [0.0, 0.5, 1.0]
    assert torch.equal(fit(x, (4, 4)), x)
