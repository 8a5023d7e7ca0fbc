"""Checks, before training starts, that its processes can share a batch equally."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from experiments.stages.key import Spec
from experiments.stages.stage import Stage
from tpr.parallel.batch_parts import possible_processes


def check_division(todo: Iterable[Stage], processes: Callable[[Stage], int]) -> None:
    """Raises ValueError where the processes of a stage cannot share its batch; names the numbers
    that can."""
    for stage in todo:
        settings = stage.spec.get("train")
        if settings is None:
            continue
        for batches in (settings, settings | settings.get("small_first", {})):
            possible = possible_processes(batches)
            if processes(stage) not in possible:
                raise ValueError(f"{stage.label}: {told(batches, processes(stage), possible)}")


def told(settings: Spec, count: int, possible: list[int]) -> str:
    batch = f"a batch of {settings['batch_size']}"
    if "micro_batch" in settings:
        batch += f" in micro-batches of {settings['micro_batch']}"
    return (
        f"{count} processes cannot share {batch}; these numbers can: "
        f"{', '.join(map(str, possible))} (one a GPU: --nodes times --gpus-per-node; "
        "on this machine CUDA_VISIBLE_DEVICES chooses)"
    )
