"""The old place of Graph, for scripts written against 0.1; goes with 0.2."""

from experiments.pipeline.graph import Graph

__all__ = ["Graph"]
