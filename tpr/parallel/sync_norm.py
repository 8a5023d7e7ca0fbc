"""Batch normalisation over the images of all processes."""

from __future__ import annotations

import torch
from fvcore.nn.distributed import differentiable_all_reduce
from torch import Tensor, nn

from tpr.parallel.distributed import all_take_part, world_size


class SyncBatchNorm(nn.BatchNorm2d):
    """nn.BatchNorm2d whose statistics are of all processes' images, in single precision.

    As torch.nn.SyncBatchNorm, but on CPUs too. Sizes may differ between the processes.
    """

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        if not self.training:
            return super().forward(input)
        y = input.float()
        with all_take_part():
            count = differentiable_all_reduce(y.new_tensor(y.numel() / y.shape[1]))
            mean = differentiable_all_reduce(y.sum((0, 2, 3))) / count
            centred = y - mean.view(-1, 1, 1)
            variance = differentiable_all_reduce(centred.square().sum((0, 2, 3))) / count
        self._follow(mean, variance * count / (count - 1))
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (centred * scale.view(-1, 1, 1) + self.bias.view(-1, 1, 1)).to(input.dtype)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        """Moves the running statistics towards those of a batch."""
        assert self.running_mean is not None and self.running_var is not None
        assert self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)


def synchronise_norms(model: nn.Module) -> None:
    """Makes every BatchNorm of the model normalise over all processes, if there are several."""
    if world_size() == 1:
        return
    for module in list(model.modules()):
        for name, child in module.named_children():
            if type(child) is nn.BatchNorm2d:
                new = SyncBatchNorm(child.num_features, child.eps, child.momentum)
                new._parameters.update(child._parameters)
                new._buffers.update(child._buffers)
                setattr(module, name, new)
