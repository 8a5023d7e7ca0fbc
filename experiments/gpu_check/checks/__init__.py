"""The checks of a GPU, in the order in which they run."""

from experiments.gpu_check.check import Check
from experiments.gpu_check.checks import cost, frames, loading, machine, numerics, training

TIMES = "times, memory and kernels are a real GPU's"

CHECKS = (
    Check("GPU, driver and limits", "usable; 4096 files, 4 GB, 2 loaders", machine.usable),
    Check("deformable convolution, GPU against CPU", "< 1e-3", numerics.deformable),
    Check("TPR masked against dense", "< 1e-3", numerics.masked_is_dense),
    Check("detections, GPU against CPU", "same number, < 0.05 px", numerics.detections),
    Check("a step and three frames, bf16", "all runs", training.all_runs),
    Check("fp16, a run a head", "finite after skipped steps", training.half_precision),
    Check("bf16 loss against fp32", "within 5 %", training.bf16_loss),
    Check("one part against four", "gradients < 1e-3", training.one_part_or_four),
    Check("interrupted and resumed", "losses < 1e-3", training.resumed),
    Check("60 iterations on one batch", "loss halves, gates open", training.learns, TIMES),
    Check("memory, 8 pairs of 480 x 853", "< 20 / 25 / 40 GB", cost.memory, TIMES),
    Check("time of an iteration", "<= 0.15 / 0.3 s", cost.seconds, TIMES),
    Check("eight loaders, 1024 files", "no error, faster than 12", loading.loading),
    Check("a frame with TPR", "<= 20 syncs", frames.profiled),
    Check("frames per second", "at 10 % dense >= masked, a graph the same", frames.rates, TIMES),
    Check("NCCL, one process", "passes", machine.collective, TIMES),
)
