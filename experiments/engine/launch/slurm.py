"""Submits the stages of a plan to Slurm, each once, as jobs that wait for those of their inputs.

What runs when is Slurm's business: a job starts after its inputs' jobs ended well (afterok), is
requeued when it is preempted or runs out of time, and then resumes.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from experiments.engine.environment import now
from experiments.engine.launch.job import StageJob
from experiments.engine.launch.local import environment, settings
from experiments.engine.launch.queue import Job, job_name, queued
from experiments.engine.lock import file_lock
from experiments.engine.plan import DONE, SHIPPED, Step
from experiments.engine.runner import clear
from experiments.engine.shipped_weights import unpack
from experiments.engine.stage_code import StageCode
from experiments.engine.worker import STAGE_BODIES
from experiments.stages.json_files import Record, read_json, write_json
from experiments.stages.layout import Layout
from experiments.stages.progress import progress_of
from experiments.stages.stage import Stage
from tpr.files import replacing

RESTARTS = 20  # times a job may run out of time
SIGNAL_SECONDS = 120  # between the warning and the end of a job's time


@dataclass(frozen=True)
class Cluster:
    """What jobs ask Slurm for.

    nodes, gpus_per_node: of a training; minutes: time limit; threads: of each library, and CPU
    cores of a process without a GPU; cores_per_gpu: CPU cores of a process with a GPU, whose data
    loaders need them; options: further options of sbatch; cpu_partition: partition of jobs without
    GPUs, which partitions of GPUs may refuse.
    """

    nodes: int
    gpus_per_node: int
    minutes: int
    threads: int
    cores_per_gpu: int
    options: Mapping[str, str] = field(default_factory=dict)
    cpu_partition: str | None = None


@dataclass
class Submitted:
    """Job ids by stage key: of the jobs submitted now, and of those that were in the queue
    already."""

    new: dict[str, str] = field(default_factory=dict)
    attached: dict[str, str] = field(default_factory=dict)


def submit_all(
    steps: list[Step],
    layout: Layout,
    cluster: Cluster,
    stages: str = STAGE_BODIES,
    code: StageCode | None = None,
) -> Submitted:
    """Submits the stages that are neither finished nor in the queue; steps: inputs before what
    needs them; code: today's.

    Raises OSError if Slurm refuses; what was submitted until then stays in the queue.
    """
    out = Submitted()
    with file_lock(layout.runs / ".locks" / "submit", wait=True):
        jobs = queued(layout)
        fresh = [step for step in steps if job_name(step.stage, layout) not in jobs]
        clear(fresh, layout, code)
        for step in steps:
            take(step, jobs, out, layout, cluster, stages)
    return out


def take(
    step: Step,
    jobs: Mapping[str, Job],
    out: Submitted,
    layout: Layout,
    cluster: Cluster,
    stages: str,
) -> None:
    """Submits one stage, or finds its job in the queue, and adds it to `out`."""
    stage = step.stage
    job = jobs.get(job_name(stage, layout))
    if step.action == DONE or (job is None and stage.record(layout)):
        return
    if step.action == SHIPPED:
        unpack(stage, layout)
    elif job:
        complete(step, job, layout, cluster, stages)
        out.attached[stage.key] = job.id
    else:
        known = out.new | out.attached
        after = [known[needed.key] for needed in stage.inputs.values() if needed.key in known]
        out.new[stage.key] = submit(step, after, layout, cluster, stages)


def submit(step: Step, after: list[str], layout: Layout, cluster: Cluster, stages: str) -> str:
    """Submits one stage to start after other jobs; returns the job's id."""
    from submitit import SlurmExecutor
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    stage = step.stage
    folder, name = stage.folder(layout), job_name(stage, layout)
    write_json(folder / "stage.json", stage.request(step.code))
    try:
        executor = SlurmExecutor(folder / "slurm", max_num_timeout=RESTARTS)
        executor.update_parameters(**parameters(stage, name, after, layout, cluster))
        job = executor.submit(StageJob(folder, stages))
    except (RuntimeError, FailedJobError, FailedSubmissionError) as error:
        lines = str(error).strip().splitlines()
        raise OSError(f"{stage.label} cannot be submitted: {lines[-1]}") from None
    write_json(folder / "submitted.json", {"job": job.job_id, "name": name, "submitted": now()})
    return job.job_id


def complete(step: Step, job: Job, layout: Layout, cluster: Cluster, stages: str) -> None:
    """Writes the files that a killed submitting process left out: the job's request and its id.

    A job that has not begun gets the request of today's code.
    """
    from submitit.core.utils import DelayedSubmission, JobPaths

    stage, id = step.stage, job.id
    folder, name = stage.folder(layout), job_name(stage, layout)
    if job.waits and not progress_of(folder):
        write_json(folder / "stage.json", stage.request(step.code))
    order = JobPaths(folder / "slurm", id).submitted_pickle
    if not order.is_file():
        work = DelayedSubmission(StageJob(folder, stages))
        work.set_timeout(cluster.minutes, RESTARTS)
        with replacing(order) as draft:
            work.dump(draft)
    if (read_json(folder / "submitted.json") or {}).get("job") != id:
        write_json(folder / "submitted.json", {"job": id, "name": name, "submitted": now()})


def parameters(
    stage: Stage, name: str, after: list[str], layout: Layout, cluster: Cluster
) -> Record:
    """Parameters of a job for submitit's executor."""
    nodes, tasks, gpus = processes(stage, cluster)
    cores = cluster.cores_per_gpu if gpus else cluster.threads
    chosen = {"requeue": True, "kill-on-invalid-dep": "yes", "chdir": str(layout.root)}
    chosen |= cluster.options
    if cluster.cpu_partition and not gpus:
        chosen["partition"] = cluster.cpu_partition
    found: Record = {
        "job_name": name,
        "nodes": nodes,
        "ntasks_per_node": tasks,
        "cpus_per_task": cores,
        "time": cluster.minutes,
        "signal_delay_s": SIGNAL_SECONDS,
        "setup": [f"export {k}={shlex.quote(v)}" for k, v in variables(cluster.threads).items()],
        # srun takes no cores over from sbatch, and lets processes wait for a dead one. Those that
        # have inferred their videos end while the first evaluates: it must not be killed for that.
        "srun_args": [f"--cpus-per-task={cores}", "--kill-on-bad-exit=1", "--wait=0"],
        "additional_parameters": chosen,
    }
    if gpus:
        found["gpus_per_node"] = gpus
    if after:
        found["dependency"] = ":".join(["afterok", *sorted(set(after))])
    return found


def processes(stage: Stage, cluster: Cluster) -> tuple[int, int, int]:
    """Nodes, processes a node, GPUs a node: one process a GPU where a stage shares its work."""
    gpus = cluster.gpus_per_node
    if stage.kind == "train":
        return cluster.nodes, max(gpus, 1), gpus
    if stage.kind in ("evaluate", "evaluate-dose", "associate"):
        return 1, max(gpus, 1), gpus
    trains = "train" in stage.spec  # a pretraining; others handle files only
    return 1, 1, min(gpus, 1) if trains else 0


def ranks(stage: Stage, cluster: Cluster) -> int:
    """Number of all processes of a stage's job."""
    nodes, tasks, _ = processes(stage, cluster)
    return nodes * tasks


def variables(threads: int) -> dict[str, str]:
    """Environment variables that a job needs even where sbatch does not export this process's
    environment."""
    names = (*settings(threads), "TPR_DATA", "TPR_OWN_DATA", "TPR_FOLLOW_LINKS")
    return {k: v for k, v in environment(threads).items() if k in names}
