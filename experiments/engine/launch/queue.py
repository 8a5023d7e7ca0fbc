"""The jobs of this repository's stages in Slurm's queue."""

from __future__ import annotations

import subprocess
from typing import NamedTuple

from experiments.stages.layout import Layout
from experiments.stages.stage import Stage

# reason of a job whose dependency failed: Slurm will remove it from the queue
HOPELESS = "DependencyNeverSatisfied"


class Job(NamedTuple):
    """A job in the queue. state: Slurm's name, as PENDING or RUNNING; reason: why it waits, as
    Dependency."""

    id: str
    state: str
    reason: str

    @property
    def waits(self) -> bool:
        return self.state in ("PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT")


def job_name(stage: Stage, layout: Layout) -> str:
    """Name of a stage's job: the stage's label and the beginning of its key."""
    return f"{layout.profile}/{stage.folder(layout).name}"


def queued(layout: Layout) -> dict[str, Job]:
    """This user's jobs that were submitted from this copy of the repository, by name."""
    jobs = {}
    for line in squeue("--me", "--noheader", "--format=%A|%T|%r|%j|%Z").splitlines():
        id, state, reason, name, folder = line.split("|", 4)
        if folder == str(layout.root) and reason != HOPELESS:
            jobs[name] = Job(id, state, reason)
    return jobs


def squeue(*arguments: str) -> str:
    """The output of squeue. Raises OSError where Slurm does not answer."""
    try:
        done = subprocess.run(["squeue", *arguments], capture_output=True, text=True)
    except FileNotFoundError:
        raise OSError("there is no squeue here: this is no machine of a Slurm cluster") from None
    if done.returncode != 0:
        raise OSError(f"squeue failed: {done.stderr.strip() or done.returncode}")
    return done.stdout
