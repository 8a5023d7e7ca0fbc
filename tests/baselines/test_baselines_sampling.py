"""What defines the samplers of Table 1(d)."""

import pytest
import torch
import torch.nn.functional as F

from baselines.dcnv2_fusion import DCNv2Fusion
from baselines.motion import mean_offset
from baselines.stsn import STSN

CHANNELS = 8


def pair(seed: int = 0) -> torch.Tensor:
    return torch.rand(2, 1, CHANNELS, 5, 6, generator=torch.Generator().manual_seed(seed))


def test_dcnv2_with_zero_offsets_is_a_convolution_at_half_weight():
    """At the start all offsets are 0 and all masks sigmoid(0) = 0.5."""
    torch.manual_seed(0)
    module = DCNv2Fusion(CHANNELS)
    query, reference = pair()
    plain = 0.5 * F.conv2d(reference, module.sample.weight, padding=1)
    expected = module.merge(query, plain, "p3")[0]
    torch.testing.assert_close(module(query, reference, "p3")[0], expected)


def test_dcnv2_offsets_move_the_reference():
    """An offset of (dy, dx) = (1, 2) in all taps lets position (y, x) see (y + 1, x + 2)."""
    module = DCNv2Fusion(CHANNELS, identity_init=True)
    module.offset.bias.data[:18].view(9, 2).copy_(torch.tensor([1.0, 2.0]))
    query, reference = pair()
    out, _ = module(query, reference, "p3")
    seen = torch.zeros_like(reference)
    seen[..., :-1, :-2] = reference[..., 1:, 2:]
    torch.testing.assert_close(out, module.merge(query, seen, "p3")[0])
    assert module.motion["p3"][0, :, 2, 3].tolist() == [2.0, 1.0]


def test_dcnv2_masks_turn_the_reference_off():
    module = DCNv2Fusion(CHANNELS, identity_init=True)
    module.offset.bias.data[18:] = -100.0
    query, reference = pair()
    out, _ = module(query, reference, "p3")
    torch.testing.assert_close(out, module.merge(query, torch.zeros_like(query), "p3")[0])


def test_stsn_weighs_identical_frames_equally():
    torch.manual_seed(0)
    module, query = STSN(CHANNELS), pair()[0]
    out, _ = module(query, query, "p3")
    torch.testing.assert_close(module.weights["p3"], torch.full((1, 1, 5, 6), 0.5))
    torch.testing.assert_close(out, module.sampled(query, query)[0])


def test_stsn_weights_are_the_softmax_of_cosines():
    torch.manual_seed(0)
    module = STSN(CHANNELS)
    own, other = pair()
    a, b = (F.normalize(module.embed(x), dim=1) for x in (own, other))
    cosines = torch.stack([(a * a).sum(1), (a * b).sum(1)])
    expected = cosines.softmax(0)[1][:, None]
    torch.testing.assert_close(module.reference_weight(own, other), expected)
    assert expected.max() < 0.5


def test_stsn_samples_the_reference_by_the_last_offsets_only():
    """Without offsets the aggregate is the weighted sum of two plain convolutions."""
    torch.manual_seed(0)
    module = STSN(CHANNELS)
    torch.nn.init.zeros_(module.offset[-1].weight)
    query, reference = pair()
    own, other = (F.conv2d(x, module.sample.weight, padding=1) for x in (query, reference))
    weight = module.reference_weight(own, other)
    expected = (1 - weight) * own + weight * other
    torch.testing.assert_close(module(query, reference, "p3")[0], expected)


def test_stsn_at_full_size_has_the_originals_layers():
    """At C channels: offsets 18 x 9 (2C + 3C), sampling 9 C^2 (2 + 3), S: C/2, C/2 and 2C wide."""
    c = 256
    embed = (c + 1) * c // 2 + (9 * c // 2 + 1) * c // 2 + (c // 2 + 1) * 2 * c
    expected = 18 * 9 * 5 * c + 9 * c * c * 5 + embed + 1
    assert sum(p.numel() for p in STSN(c).parameters()) == expected


@pytest.mark.parametrize("module", [DCNv2Fusion, STSN])
def test_identity_start_of_a_still_image_is_the_identity(module):
    torch.manual_seed(0)
    start = module(CHANNELS, identity_init=True)
    for name, parameter in start.named_parameters():
        if name.startswith("offset"):
            torch.nn.init.zeros_(parameter)
    query = pair()[0]
    torch.testing.assert_close(start(query, query, "p3")[0], query)


def test_mean_offset_weighs_taps_by_their_masks():
    offset = torch.zeros(1, 4, 1, 1)
    offset[0, :, 0, 0] = torch.tensor([1.0, 2.0, 5.0, 10.0])  # two taps, (dy, dx) each
    assert mean_offset(offset).flatten().tolist() == [6.0, 3.0]
    mask = torch.tensor([1.0, 3.0]).view(1, 2, 1, 1)
    assert mean_offset(offset, mask).flatten().tolist() == [8.0, 4.0]
