"""What a Slurm job does: one stage, by one or several processes, resumed after an interruption."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..log import write_to
from ..worker import BUSY, run_stage

if TYPE_CHECKING:
    from submitit.helpers import DelayedSubmission


class StageJob:
    """Called by submitit in every process of the job. folder: the stage's, with its stage.json."""

    def __init__(self, folder: Path, stages: str) -> None:
        self.folder, self.stages = folder, stages

    def __call__(self) -> None:
        """Runs the stage. Raises RuntimeError if another process is running it."""
        if join_processes() == 0:
            write_to(self.folder / "log.txt")
        if run_stage(self.folder, self.stages) == BUSY:
            raise RuntimeError("another process is running this stage")

    def checkpoint(self) -> DelayedSubmission:
        """On preemption and shortly before the time limit: the same again, in the requeued job."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


def join_processes() -> int:
    """Names the job's processes for torch.distributed; this one's rank."""
    from submitit.helpers import TorchDistributedEnvironment

    processes = TorchDistributedEnvironment()
    if processes.world_size > 1:
        processes.export(set_cuda_visible_devices=False, overwrite=True)
    return processes.rank
