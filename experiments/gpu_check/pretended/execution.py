"""One operation on the pretended GPU: checked, counted, computed on the CPU, wrapped again."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode

from experiments.gpu_check.pretended.costs import INDEXING, Counts, project_line
from experiments.gpu_check.pretended.cpu_kernels import mapped, on_cpu
from experiments.gpu_check.pretended.tensor import GpuTensor

# Between devices; all others want their tensors on one.
COPIES = {"_copy_from", "_to_copy", "copy_"}
# CUDA's pointwise operations take a number that lies on the CPU, a tensor without dimensions.
# These take none; of what is left out here a test on a GPU only can tell.
WITHOUT_CPU_NUMBERS = {
    "_embedding_bag",
    "addmm",
    "baddbmm",
    "bmm",
    "cat",
    "convolution",
    "deform_conv2d",
    "embedding_bag",
    "gather",
    "index_add_",
    "index_copy",
    "index_copy_",
    "index_fill_",
    "index_select",
    "mm",
    "native_batch_norm",
    "native_group_norm",
    "native_layer_norm",
    "nms",
    "roi_align",
    "scatter",
    "scatter_",
    "stack",
}


class MixedDevices(RuntimeError):
    """An operation got tensors of the GPU and of the CPU."""


class PretendedGPU(TorchDispatchMode):
    """Inside, every operation of torch comes here, below autocast and autograd."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = Counts()

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: tuple[type, ...],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        name, kwargs = operation(func), dict(kwargs or {})
        tensors: list[Tensor] = []
        mapped(tensors.append, [*args, *kwargs.values()])
        on_gpu = [x for x in tensors if isinstance(x, GpuTensor)]
        on_cpu = [x for x in tensors if not isinstance(x, GpuTensor)]
        target = kwargs.get("device")
        goes_to_gpu = bool(on_gpu) if target is None else torch.device(target).type == "cuda"
        if not on_gpu and not goes_to_gpu:
            return func(*args, **kwargs)
        if on_gpu and on_cpu and name not in COPIES:
            self.check_devices(name, args, on_cpu)
        self.count(func, args, kwargs, goes_to_gpu)
        out = self.compute(func, args, kwargs)
        if not goes_to_gpu:
            return out
        # What an operation changed in place it gives back itself.
        given = {id(x): x for x in on_cpu} | {id(x.on_cpu): x for x in on_gpu}
        return mapped(lambda x: given[id(x)] if id(x) in given else GpuTensor(x), out)

    def check_devices(self, name: str, args: tuple[Any, ...], on_cpu: list[Tensor]) -> None:
        """Raises MixedDevices where CUDA would refuse CPU tensors beside the GPU's."""
        beside = [x for x in on_cpu if x.dim() > 0 or name in WITHOUT_CPU_NUMBERS]
        if name in INDEXING and isinstance(args[0], GpuTensor):
            # Places may lie on the CPU, at the cost of a copy; values may not.
            values = [x for x in beside if any(x is value for value in args[2:3])]
            for _ in range(len(beside) - len(values)):
                self.counts.add_copy(name, to_host=False)
            beside = values
        if beside:
            shapes = ", ".join(str(tuple(x.shape)) for x in beside)
            raise MixedDevices(
                f"{project_line()}: {name} mixes tensors on cuda:0 with tensors on the CPU "
                f"of shape {shapes}"
            )

    def count(
        self,
        func: OpOverload,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        goes_to_gpu: bool,
    ) -> None:
        """Counts a copy between the devices or what else an operation costs."""
        name = operation(func)
        source, destination = isinstance(args[0], GpuTensor) if args else goes_to_gpu, goes_to_gpu
        if name == "copy_":
            source, destination = (isinstance(x, GpuTensor) for x in (args[1], args[0]))
        if name in COPIES and source != destination:
            self.counts.add_copy(name, to_host=source)
        elif not func.is_view:
            self.counts.add(name, args, kwargs)

    def compute(self, func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The operation on the CPU tensors inside."""
        args = mapped(values_of, args)
        kwargs = {name: mapped(values_of, x) for name, x in kwargs.items()}
        if "device" in kwargs:
            kwargs["device"] = torch.device("cpu")
        if "pin_memory" in kwargs:
            kwargs["pin_memory"] = False
        return on_cpu(func, operation(func))(*args, **kwargs)


def values_of(x: Tensor) -> Tensor:
    """The CPU tensor that an operation on x computes with."""
    return x.on_cpu if isinstance(x, GpuTensor) else x


def operation(func: OpOverload) -> str:
    """aten::add_.Tensor -> add_"""
    return func.name().split("::")[-1].split(".")[0]
