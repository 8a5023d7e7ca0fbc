"""The old place of QuietLog, for scripts written against 0.1; goes with 0.2."""

from experiments.stages.progress import QuietLog

__all__ = ["QuietLog"]
