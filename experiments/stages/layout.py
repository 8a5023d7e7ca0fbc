"""Where the files of a profile are, below the repository root."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Layout:
    """Paths of one profile. Raises ValueError for a name that could leave its folders."""

    profile: str
    root: Path = ROOT

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_.@-]*[A-Za-z0-9_-][A-Za-z0-9_.@-]*", self.profile):
            raise ValueError(f"not a profile name: {self.profile!r} (letters, digits, '-', '_')")

    @property
    def manifests(self) -> Path:
        return self.root / "experiments" / "manifests"

    @property
    def runs(self) -> Path:
        """Stage folders; can be deleted, then everything runs again."""
        return self.root / "runs" / self.profile

    @property
    def other_code(self) -> Path:
        """Stage folders made by other code than today's; they are kept until somebody deletes
        them."""
        return self.runs / "other-code"

    @property
    def weights(self) -> Path:
        """Pretrained weights that ship with the repository."""
        return self.root / "weights" / self.profile

    @property
    def records(self) -> Path:
        return self.root / "results" / self.profile / "records"

    @property
    def shipped(self) -> Path:
        """Names of the records that ship with the repository."""
        return self.root / "results" / self.profile / "shipped.json"

    @property
    def own(self) -> Path:
        """Records made here of runs and seeds that ship too; not in git."""
        return self.root / "results" / self.profile / "own"

    @property
    def doses(self) -> Path:
        """Records of evaluations on dosed videos."""
        return self.root / "results" / self.profile / "doses"

    @property
    def scale(self) -> Path:
        """Records of evaluations of runs trained at other scales."""
        return self.root / "results" / self.profile / "scale"

    @property
    def scale_prediction(self) -> Path:
        """Gains of the held-out scales, as predicted before these were trained."""
        return self.root / "results" / self.profile / "scale-prediction.json"

    @property
    def failed(self) -> Path:
        """Runs and seeds whose last training or evaluation failed for good."""
        return self.root / "results" / self.profile / "failed"

    @property
    def trackers(self) -> Path:
        """What every tracker made of the detections of runs and seeds."""
        return self.root / "results" / self.profile / "trackers"

    @property
    def tables(self) -> Path:
        return self.root / "results" / self.profile / "tables"

    @property
    def footage(self) -> Path:
        """Statistics of the motion in the videos that the records were evaluated on."""
        return self.root / "results" / self.profile / "footage.json"

    @property
    def costs(self) -> Path:
        """Costs of the full-size models, whatever the profile."""
        return self.root / "results" / "full" / "costs.json"

    @property
    def offset_fit(self) -> Path:
        """How much motion offset heads see: see experiments.pipeline.offset_fit."""
        return self.root / "results" / self.profile / "offset-fit.json"

    @property
    def speed(self) -> Path:
        """Speed of full-size models, whatever the profile."""
        return self.root / "results" / "full" / "speed.json"

    @property
    def gpu_check(self) -> Path:
        """What `./run_all.sh check-gpu` found."""
        return self.root / "results" / "full" / "gpu-check.json"

    @property
    def report(self) -> Path:
        """Folder of the generated pages."""
        return self.root / "reports" / self.profile

    @property
    def page(self) -> Path:
        return self.report / "index.html"

    @property
    def figures(self) -> Path:
        return self.report / "figures"

    @property
    def history(self) -> Path:
        """Notes on how the profile was made, in Markdown."""
        return self.root / "reports" / "history" / f"{self.profile}.md"

    def shown(self, path: Path) -> str:
        """The path as people type it from the root."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)
