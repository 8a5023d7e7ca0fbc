"""How much a module changes features because of the reference frame, one record for all modules."""

import pytest
import torch

from baselines.merge import Merge
from baselines.reference_use import reference_use
from tests.baselines.test_baselines import CHANNELS, SIZES, SPECS, build, frame
from tpr.routing import Frame, TemporalPyramidRouting

MOVING = ("dcnv2-fusion", "stsn", "flow-warp", "feature-flow")


@pytest.mark.parametrize("name", SPECS)
def test_every_baseline_leaves_a_record(name):
    module, query = build(name).eval(), frame(seed=1)
    found = reference_use(module, query, frame(seed=2))
    for level, (h, w) in SIZES.items():
        assert found.change[level].shape == (2, 1, h, w)
        assert found.change[level].max() > 0
    levels = ("p3", "p4", "p5") if name == "feature-flow" else tuple(SIZES)
    assert tuple(found.motion) == (levels if name in MOVING else ())
    assert all(found.motion[k].shape == (2, 2, *SIZES[k]) for k in found.motion)
    assert {use.gate.shape[0] for use in found.gates} == {2}


@pytest.mark.parametrize("name", SPECS)
def test_the_query_as_its_own_reference_brings_nothing(name):
    query = frame(seed=1)
    found = reference_use(build(name).eval(), query, query)
    assert max(x.max().item() for x in found.change.values()) == 0


def test_change_is_relative_to_the_querys_features():
    """Merging half of each of a query of ones and a reference of threes changes ones by 100 %."""
    merge = Merge(CHANNELS)
    eye = 0.5 * torch.eye(CHANNELS)
    merge.conv.weight.data.copy_(torch.cat([eye, eye], 1)[..., None, None])
    ones = Frame({k: torch.ones_like(x) for k, x in frame().pyramid.items()})
    threes = Frame({k: 3 * x for k, x in ones.pyramid.items()})
    found = reference_use(TemporalPyramidRouting(merge, None), ones, threes)
    for level in SIZES:
        torch.testing.assert_close(found.change[level], torch.ones(2, 1, *SIZES[level]))
