"""Images of several sizes in one batch."""

import torch

from tpr.data.transforms import PADDING, pad_batch
from tpr.models.vis_model import PIXEL_MEAN


def test_padding_is_next_to_nothing_once_normalised():
    """Black would be an edge of 104 to 124 grey levels."""
    images = [torch.full((3, 2, 4), 255, dtype=torch.uint8), torch.zeros(3, 3, 2).byte()]
    batch, _ = pad_batch(images, [], (3, 4))
    assert torch.equal(batch[0, :, :2], images[0]) and torch.equal(batch[1, :, :, :2], images[1])
    normalised = batch.float() - torch.tensor(PIXEL_MEAN).view(3, 1, 1)
    for outside in (normalised[0, :, 2:], normalised[1, :, :, 2:]):
        assert outside.abs().max() <= 0.5
    assert PADDING == tuple(map(round, PIXEL_MEAN))
