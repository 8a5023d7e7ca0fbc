"""Where a profile's files lie below the repository root."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Layout:
    profile: str
    root: Path = ROOT

    @property
    def manifests(self) -> Path:
        return self.root / "experiments" / "manifests"

    @property
    def runs(self) -> Path:
        """Stage folders; can be deleted, then everything runs again."""
        return self.root / "runs" / self.profile

    @property
    def weights(self) -> Path:
        """Pretrained weights that ship with the repository."""
        return self.root / "weights" / self.profile

    @property
    def records(self) -> Path:
        return self.root / "results" / self.profile / "records"

    @property
    def tables(self) -> Path:
        return self.root / "results" / self.profile / "tables"

    @property
    def page(self) -> Path:
        return self.root / "reports" / self.profile / "index.html"

    def shown(self, path: Path) -> str:
        """The path as people type it from the root."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)
