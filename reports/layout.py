"""Where the report finds its input and puts its output, for one profile."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Layout:
    """Paths of one profile below a repository root."""

    profile: str
    root: Path = ROOT

    def __post_init__(self):
        if not re.fullmatch(r"[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*", self.profile):
            raise ValueError(f"not a profile name: {self.profile!r} (letters, digits, '-', '_')")

    @property
    def records(self) -> Path:
        return self.root / "results" / self.profile / "records"

    @property
    def tables(self) -> Path:
        return self.root / "results" / self.profile / "tables"

    @property
    def manifests(self) -> Path:
        return self.root / "experiments" / "manifests"

    @property
    def runs(self) -> Path:
        return self.root / "runs" / self.profile

    @property
    def page(self) -> Path:
        return self.root / "reports" / self.profile

    @property
    def figures(self) -> Path:
        return self.page / "figures"

    @property
    def history(self) -> Path:
        return self.root / "reports" / "history" / f"{self.profile}.md"


def write_atomically(path: Path, content: str | bytes) -> Path:
    """Write next to `path`, then rename: a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    scratch.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.replace(scratch, path)
    return path
