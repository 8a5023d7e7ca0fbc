"""A tensor that says it is on the GPU and keeps its values in a CPU tensor."""

from __future__ import annotations

from typing import Any, NoReturn

import torch
from torch import Tensor

from experiments.gpu_check.pretended.backward import backward

GPU = torch.device("cuda", 0)


class GpuTensor(Tensor):
    """What torch takes for a tensor on cuda:0; `on_cpu`: its values."""

    on_cpu: Tensor

    @staticmethod
    def __new__(cls: type[GpuTensor], on_cpu: Tensor) -> GpuTensor:
        made = Tensor._make_wrapper_subclass(
            cls,
            on_cpu.size(),
            strides=on_cpu.stride(),
            storage_offset=on_cpu.storage_offset(),
            dtype=on_cpu.dtype,
            layout=on_cpu.layout,
            device=GPU,
        )
        made.on_cpu = on_cpu
        return made

    # Operations reach `execution.PretendedGPU` one by one, below autocast and autograd.
    __torch_function__ = (  # as torch's documentation has it
        torch._C._disabled_torch_function_impl  # pyright: ignore[reportAssignmentType]
    )

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise RuntimeError(f"{func}: the pretended GPU that the tensor is on is off")

    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, gradient: Tensor | None = None
    ) -> None:
        """As Tensor.backward, without its further options."""
        backward(self, torch.ones_like(self) if gradient is None else gradient)

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def numpy(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("can't convert cuda:0 device type tensor to numpy: use Tensor.cpu() first")

    def __reduce_ex__(self, protocol: Any) -> Any:
        """In a file it is a tensor of the CPU, as which checkpoints are loaded, too."""
        return self.on_cpu.__reduce_ex__(protocol)

    def untyped_storage(self) -> torch.UntypedStorage:
        """The memory of the values, which tells whether two tensors share it."""
        return self.on_cpu.untyped_storage()

    def __repr__(self, *, tensor_contents: object = None) -> str:
        return f"GpuTensor({tuple(self.shape)}, {self.dtype})"
