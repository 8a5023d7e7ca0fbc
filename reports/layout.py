"""Where the report finds its input and puts its output: the suite's layout; and how it writes."""

import os
from pathlib import Path

from experiments.layout import ROOT, Layout

__all__ = ["ROOT", "Layout", "write_atomically"]


def write_atomically(path: Path, content: str | bytes) -> Path:
    """Write next to `path`, then rename: a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    scratch.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.replace(scratch, path)
    return path
