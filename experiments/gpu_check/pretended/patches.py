"""What torch has to believe while a GPU is pretended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch.utils import _foreach_utils as foreach

from experiments.gpu_check.pretended.costs import Counts
from experiments.gpu_check.pretended.execution import PretendedGPU
from experiments.gpu_check.pretended.tensor import GpuTensor


def nothing(*args: Any, **kwargs: Any) -> None:
    """Takes the place of what only a driver could do."""


def rng_state(device: Any = None) -> Tensor:
    """Random numbers of the pretended GPU come from the CPU's generator."""
    return torch.zeros(16, dtype=torch.uint8)


# Of torch.cuda, by name.
DRIVER: dict[str, Any] = {
    "is_available": lambda: True,
    "device_count": lambda: 1,
    "current_device": lambda: 0,
    "set_device": nothing,
    "get_device_name": lambda device=None: "pretended GPU",
    "get_device_capability": lambda device=None: (9, 0),
    "is_bf16_supported": lambda including_emulation=True: True,
    "synchronize": nothing,
    "manual_seed": nothing,
    "manual_seed_all": nothing,
    "get_rng_state": rng_state,
    "set_rng_state": nothing,
    "_lazy_init": nothing,
}


@contextmanager
def pretended_gpu() -> Iterator[Counts]:
    """Inside there is one GPU; what it is asked for is counted. Nothing of it is left afterwards.

    Tensors and modules that were moved to the GPU inside cannot be used outside.
    """
    # Stands in for the driver's guard of the current device. It stays, and changes nothing for
    # CPU tensors; on a machine with a GPU it does nothing at all.
    torch._C._ensureCUDADeviceGuardSet()
    with ExitStack() as stack:
        for name, value in DRIVER.items():
            stack.enter_context(mock.patch.object(torch.cuda, name, value))
        # Else a module would move a wrapper into its old CPU parameter.
        overwrite = torch.__future__.get_overwrite_module_params_on_conversion()
        stack.callback(torch.__future__.set_overwrite_module_params_on_conversion, overwrite)
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        # torch.tensor(..., device="cuda"): made on the CPU and copied, where the copy is seen.
        stack.callback(torch._C._set_only_lift_cpu_tensors, torch._C._only_lift_cpu_tensors())
        torch._C._set_only_lift_cpu_tensors(True)
        # Pages are pinned by the driver.
        unpinned = mock.patch.object(Tensor, "pin_memory", lambda self, device=None: self)
        stack.enter_context(unpinned)
        # Optimisers take their CUDA path, many tensors in a kernel.
        foreach._foreach_supported_types.append(GpuTensor)
        stack.callback(foreach._foreach_supported_types.remove, GpuTensor)
        gpu = stack.enter_context(PretendedGPU())
        yield gpu.counts
