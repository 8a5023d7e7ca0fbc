"""Levels as one table: what it holds, and what reads neighbours or other levels from it."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from tpr.routing.resample import add_resized, resize
from tpr.routing.tables import Table, largest_around
from tpr.routing.taps import TapConv

SIDES = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=4)


def random_levels(sides, images=2, channels=3, kind=torch.float64):
    generator = torch.Generator().manual_seed(len(sides) * images)
    return [torch.randn(images, channels, *side, generator=generator).to(kind) for side in sides]


@given(sides=SIDES)
@settings(max_examples=30, deadline=None)
def test_levels_come_back(sides):
    levels = random_levels(sides)
    table = Table.of(levels)
    assert table.rows.shape == (sum(2 * h * w for h, w in sides), 3)
    for one, other in zip(table.levels(), levels, strict=True):
        assert torch.equal(one, other)
    middle = table.part(1, len(sides))
    assert all(map(torch.equal, middle.levels(), levels[1:]))


def test_what_lies_one_behind_the_other_is_not_copied():
    """All levels of a table or those next to each other; others, or in another order, are."""
    levels = Table.of(random_levels([(4, 5), (2, 3), (1, 2)])).levels()

    def shared(chosen):
        table = Table.of(chosen)
        for one, other in zip(table.levels(), chosen, strict=True):
            assert torch.equal(one, other)
        return table.rows.data_ptr() == chosen[0].data_ptr()

    assert shared(levels) and shared(levels[1:]) and shared(levels[1:2])
    assert not shared([levels[0], levels[2]])
    assert not shared(levels[::-1])
    assert not shared([levels[0], levels[1].clone()])
    assert not shared([levels[0], levels[1].contiguous(), levels[2]])


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("maps", "kernel"), [(1, 3), (5, 3), (1, 1), (4, 1)])
@given(sides=SIDES, parts=st.sampled_from([(3,), (1, 2)]))
@settings(max_examples=15, deadline=None)
def test_products_with_all_taps_are_the_convolution(maps, kernel, bias, sides, parts):
    """Of one tensor or parts side by side; with gradients, without, and of all levels at once."""
    torch.manual_seed(0)
    conv = TapConv(3, maps, kernel, bias=bias).double()
    levels = random_levels(sides)
    expected = [F.conv2d(x, conv.weight, conv.bias, padding=kernel // 2) for x in levels]
    split = [x.split(parts, 1) for x in levels]
    trained = [conv(*x) for x in split]
    with torch.no_grad():
        tested = [conv(*x) for x in split]
        together = conv(*map(Table.of, zip(*split, strict=True))).levels()
    for found in (trained, tested, together):
        torch.testing.assert_close(found, expected)


@given(sides=SIDES)
@settings(max_examples=30, deadline=None)
def test_largest_around_is_max_pooling(sides):
    values = random_levels(sides, channels=1)
    expected = [F.max_pool2d(x, 3, stride=1, padding=1) for x in values]
    torch.testing.assert_close(largest_around(Table.of(values)).levels(), expected)


@given(
    sides=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=2, max_size=4),
    step=st.sampled_from([-1, 1]),
    share=st.sampled_from([0.0, 0.2, 1.0]),
    kind=st.sampled_from([torch.float32, torch.float64]),
)
@settings(max_examples=60, deadline=None)
def test_open_positions_are_resized_as_whole_maps_are(sides, step, share, kind):
    """Between levels of any sizes, up and down."""
    levels = random_levels(sides, kind=kind)
    z, senders = random_levels(sides, kind=kind), levels[1:] if step > 0 else levels[:-1]
    sending = Table.of(senders)
    here = torch.rand(len(sending.rows), generator=torch.Generator().manual_seed(0)) < share
    here = here.nonzero().squeeze(1)
    kept = torch.zeros_like(sending.rows).index_copy(0, here, sending.rows[here])
    whole = sending.like(kept).levels()
    expected = [x.clone() for x in z]
    for i, sent in enumerate(whole):
        target = i if step > 0 else i + 1
        expected[target] += resize(sent, z[target].shape[-2:])
    table = Table.of(z)
    add_resized(table, step, sending.rows[here], here)
    torch.testing.assert_close(table.levels(), expected)
