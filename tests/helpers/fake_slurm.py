"""Slurm's commands for tests on machines without Slurm: a queue in a text file, run by the test."""

import os
import re
import subprocess
from pathlib import Path

SBATCH = """#!/bin/bash
cd "$(dirname "$0")"
[[ ! -e refuse ]] || { echo "sbatch: error: invalid partition specified: nowhere" >&2; exit 1; }
option() { sed -n "s/^#SBATCH --$1=//p" "$script" | tr -d "'"; }
script=$1
id=$(($(wc -l <jobs.txt) + 1))
echo "$id|PENDING|None|$(option job-name)|$(option chdir)|$(option dependency)" >>jobs.txt
echo "Submitted batch job $id"
"""
SQUEUE = """#!/bin/bash
cut -d"|" -f1-5 "$(dirname "$0")/jobs.txt" | grep -v "|ENDED|" || true
"""
SRUN = """#!/bin/bash
while [[ $1 == --* ]]; do [[ $1 == *=* || $1 == --unbuffered ]] || shift; shift; done
exec "$@"
"""


class FakeSlurm:
    """sbatch, squeue and srun in `folder`, to be put first in PATH."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.file = folder, folder / "jobs.txt"
        self.file.touch()
        for name, text in (("sbatch", SBATCH), ("squeue", SQUEUE), ("srun", SRUN)):
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)

    @property
    def path(self) -> str:
        return f"{self.folder}:{os.environ['PATH']}"

    def jobs(self) -> list[list[str]]:
        """Of each job: id, state, reason, name, folder, dependency."""
        return [line.split("|") for line in self.file.read_text().splitlines()]

    def set(self, id: str, state: str, reason: str = "None") -> None:
        lines = [
            [*job[:1], state, reason, *job[3:]] if job[0] == id else job for job in self.jobs()
        ]
        self.file.write_text("".join("|".join(line) + "\n" for line in lines))

    def run(self, *ids: str) -> None:
        """Runs jobs, all by default, in the order in which they were submitted."""
        for id, state, _, name, root, _ in self.jobs():
            if state == "ENDED" or (ids and id not in ids):
                continue
            script = Path(root) / "runs" / name / "slurm" / f"{id}_submission.sh"
            variables = {"PATH": self.path, "SLURM_JOB_ID": id}
            subprocess.run(["bash", script], cwd=root, env=os.environ | variables)
            self.set(id, "ENDED")

    def options(self, id: str) -> dict[str, str]:
        """What a job's script asks sbatch for; of a switch the value is empty."""
        found = re.findall(r"^#SBATCH --([a-z-]+)=?(.*)$", self.script(id), re.MULTILINE)
        return dict(found)

    def command(self, id: str) -> str:
        """The line of a job's script that starts its processes."""
        return next(line for line in self.script(id).splitlines() if line.startswith("srun "))

    def script(self, id: str) -> str:
        _, _, _, name, root, _ = self.jobs()[int(id) - 1]
        return (Path(root) / "runs" / name / "slurm" / f"{id}_submission.sh").read_text()
