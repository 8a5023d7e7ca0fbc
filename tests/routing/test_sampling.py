"""Deformable convolution with strides, groups, biases and other kernels, against torchvision."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.ops import deform_conv2d

from tpr.routing import blocks
from tpr.routing.sampling import DeformConv, gathered_deform_conv


@settings(max_examples=30, deadline=None)
@given(
    height=st.integers(1, 7),
    width=st.integers(1, 7),
    kernel=st.sampled_from([1, 3, 5]),
    stride=st.sampled_from([1, 2, 3]),
    reach=st.sampled_from([0.0, 0.7, 30.0]),
    modulated=st.booleans(),
    groups=st.sampled_from([1, 2, 4]),
    seed=st.integers(0, 2**16),
)
def test_any_kernel_stride_group_and_bias_are_torchvisions(
    height, width, kernel, stride, reach, modulated, groups, seed
):
    generator = torch.Generator().manual_seed(seed)
    random = lambda *size: torch.randn(*size, generator=generator).double()  # noqa: E731
    size, taps = (-(-height // stride), -(-width // stride)), groups * kernel**2
    channels = 3 * groups
    x, offset = random(2, channels, height, width), reach * random(2, 2 * taps, *size)
    mask = random(2, taps, *size).sigmoid() if modulated else None
    weight, bias = random(5, channels, kernel, kernel), random(5)
    expected = deform_conv2d(x, offset, weight, bias, stride, kernel // 2, mask=mask)
    found = gathered_deform_conv(x, offset, weight, mask, bias, stride)
    torch.testing.assert_close(found, expected)


def test_gradients_of_a_strided_modulated_convolution():
    torch.manual_seed(0)
    random = lambda *size: torch.rand(*size, dtype=torch.float64).requires_grad_()  # noqa: E731
    x, weight, bias, mask = random(1, 2, 5, 4), random(2, 2, 3, 3), random(2), random(1, 9, 3, 2)
    offset = (0.3 + 0.4 * torch.rand(1, 18, 3, 2, dtype=torch.float64)).requires_grad_()
    strided = lambda *inputs: gathered_deform_conv(*inputs, 2)  # noqa: E731
    assert torch.autograd.gradcheck(strided, (x, offset, weight, mask, bias))


def test_a_layer_without_bias_has_one_parameter():
    assert list(DeformConv(2, 3).state_dict()) == ["weight"]
    assert list(DeformConv(2, 3, stride=2, bias=True).state_dict()) == ["weight", "bias"]


def test_offsets_that_are_not_numbers_or_far_outside_read_nothing_they_must_not():
    """NaN shows in the output; far positions sample zeros; neither leads outside the table."""
    x, weight = torch.rand(2, 3, 4, 5), torch.rand(2, 3, 3, 3)
    offset = torch.zeros(2, 18, 4, 5)
    offset[0, :, 1, 2], offset[1, :, 0, 0], offset[1, :, 3, 4] = float("nan"), 1e20, -1e20
    out = gathered_deform_conv(x, offset, weight)
    expected = torch.nn.functional.conv2d(x, weight, padding=1)
    expected[0, :, 1, 2] = float("nan")
    expected[1, :, 0, 0] = expected[1, :, 3, 4] = 0
    torch.testing.assert_close(out, expected, equal_nan=True)


def test_blocks_of_any_size_give_the_same_numbers(monkeypatch):
    torch.manual_seed(0)
    inputs = torch.rand(2, 3, 4, 5), torch.randn(2, 18, 4, 5), torch.rand(2, 3, 3, 3)
    with torch.no_grad():
        whole = gathered_deform_conv(*inputs)
        for positions in (1, 7, 40):
            monkeypatch.setattr(blocks, "BLOCK_VALUES", positions * 27)
            torch.testing.assert_close(gathered_deform_conv(*inputs), whole)
