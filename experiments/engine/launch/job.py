"""What a Slurm job does: one stage, by one or several processes, resumed after an interruption."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from experiments.engine.worker import BUSY, run_stage
from experiments.stages.progress import write_to

if TYPE_CHECKING:
    from submitit.helpers import DelayedSubmission


# Seconds for the lock of a job that was requeued because its node died: a file server gives the
# lock up when it has not heard of the node for a while. The other processes wait meanwhile: less
# than tpr.parallel.hang_watch lets them.
PATIENCE = 300.0


class StageJob:
    """Called by submitit in every process of the job. folder: the stage's, with its stage.json."""

    patience = PATIENCE

    def __init__(self, folder: Path, stages: str) -> None:
        self.folder, self.stages = folder, stages

    def __call__(self) -> None:
        """Runs the stage. Raises RuntimeError if another process keeps running it."""
        if join_processes() == 0:
            write_to(self.folder / "log.txt")
        if run_stage(self.folder, self.stages, self.patience) == BUSY:
            lock = self.folder.parent / ".locks" / self.folder.name
            raise RuntimeError(
                f"another process runs this stage and has held {lock} for {self.patience:.0f} s: "
                "if it is of a dead node, delete that file; the same command submits again"
            )

    def checkpoint(self) -> DelayedSubmission:
        """On preemption and shortly before the time limit: requeues this job, which then resumes
        the stage."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


def join_processes() -> int:
    """Sets torch.distributed's variables from Slurm's; returns this process's rank."""
    from submitit.helpers import TorchDistributedEnvironment

    processes = TorchDistributedEnvironment()
    if processes.world_size > 1:
        processes.export(set_cuda_visible_devices=False, overwrite=True)
    return processes.rank
