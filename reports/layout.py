"""Where the report finds its input and puts its output: the suite's layout; and how it writes."""

from pathlib import Path

from experiments.layout import ROOT, Layout
from tpr.files import replacing

__all__ = ["ROOT", "Layout", "write_atomically"]


def write_atomically(path: Path, content: str | bytes) -> Path:
    """Write next to `path`, then rename: a reader never sees half a file."""
    with replacing(path) as draft:
        draft.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
