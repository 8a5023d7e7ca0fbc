"""Dense or masked: whether gated cells compute everywhere, or only what open gates let through.

The two are one function. Masked execution is the default on a CPU, where time goes with arithmetic.
On CUDA it has to ask the GPU again and again how many positions are open, and a frame's coarse maps
are too small to win that back: dense on CUDA unless measured otherwise (`python -m tpr.cost.speed
--execution dense masked` measures both). Training is always dense, as its gates start open, and so
is what is traced (torch.compile, torch.export): what masked execution does depends on the gates.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch

EXECUTIONS = ("dense", "masked")
_chosen: list[str] = []


@contextmanager
def execution(kind: str) -> Generator[None]:
    """Inside, gated cells run as `kind` at test time, "dense" or "masked", on every device.

    Raises ValueError for any other kind.
    """
    if kind not in EXECUTIONS:
        raise ValueError(f"unknown execution {kind!r}; known: {', '.join(EXECUTIONS)}")
    _chosen.append(kind)
    try:
        yield
    finally:
        _chosen.pop()


def execution_on(device: torch.device) -> str:
    """How gated cells run on a device now: "dense" or "masked"."""
    if torch.is_grad_enabled() or is_traced():
        return "dense"
    if _chosen:
        return _chosen[-1]
    return "masked" if device.type == "cpu" else "dense"


def is_traced() -> bool:
    """Whether a graph is made of what runs now, rather than numbers alone."""
    # documented, though torch.jit does not list it as its own
    tracing = torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
    return torch.compiler.is_compiling() or tracing
