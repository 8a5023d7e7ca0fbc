"""The old place of Layout, for scripts written against 0.1; goes with 0.2."""

from experiments.stages.layout import Layout

__all__ = ["Layout"]
