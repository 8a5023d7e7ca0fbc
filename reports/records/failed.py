"""Runs that failed, results/<profile>/failed: tables say so and do not show older records of
them."""

from dataclasses import dataclass

from experiments.stages.layout import Layout
from reports.records.run_record import Record
from tpr.data.json_input import read_json


@dataclass(frozen=True)
class FailedRun:
    """A run and seed whose last training or evaluation failed.

    evaluation: key of the evaluation that is missing; stage: as people read it.
    """

    run: str
    seed: int
    evaluation: str
    stage: str
    reason: str

    @property
    def line(self) -> str:
        return f"{self.run} seed {self.seed} failed ({self.stage}): {self.reason}"

    def replaces(self, record: Record, ships: bool) -> bool:
        """Whether the failure puts a record of this run and seed out of date.

        A record made here always is; one that ships only if it is not of the same evaluation.
        """
        same = (record.run, record.seed) == (self.run, self.seed)
        return same and not (ships and record.evaluate.get("key") == self.evaluation)


def load_failed(layout: Layout) -> list[FailedRun]:
    """Failures by file name. Raises ValueError naming a file that cannot be read."""
    found: list[FailedRun] = []
    for path in sorted(layout.failed.glob("*.json")):
        try:
            raw = read_json(path)
            named = (str(raw[name]) for name in ("evaluation", "stage", "reason"))
            found.append(FailedRun(str(raw["run"]), int(raw["seed"]), *named))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{path} cannot be read ({error!r}): delete it and run again"
            ) from None
    return found
