"""A GPU that is only pretended, so that CUDA's branches run on machines without one.

Inside `pretended_gpu()` torch says that there is one GPU. Tensors on it are wrappers that say
`cuda:0` and compute on a CPU tensor inside. So the project takes its branches for CUDA, autocast
casts by CUDA's lists of operations, an operation on tensors of two devices raises `MixedDevices`,
and whatever makes the host wait, copies between host and GPU or starts kernels is counted by the
line of the project that causes it. Autograd's backward pass runs, too.

What cannot be seen: whether CUDA has a kernel for a dtype, its numbers, its speed and its memory.

- patches: what torch has to believe, and `pretended_gpu` itself
- tensor: the wrapper
- execution: one operation on it
- costs: what an operation costs on a GPU, and the counts
- backward: autograd's engine, as torch's own asks the CUDA driver
"""

from experiments.gpu_check.pretended.costs import Counts
from experiments.gpu_check.pretended.execution import MixedDevices
from experiments.gpu_check.pretended.patches import pretended_gpu

__all__ = ["Counts", "MixedDevices", "pretended_gpu"]
