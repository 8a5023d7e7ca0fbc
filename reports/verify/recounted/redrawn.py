"""Draws of a bootstrap over videos, made again from kept matches."""

from functools import cached_property

from reports.verify.recounted.losses import Lost
from reports.verify.recounted.matches import Array, Kept
from reports.verify.recounted.recount import hardest, weighted_ap

OF_LOSSES = "lost_"


class Redrawn:
    """Metrics by their names in records. weights: (B, V) how often each draw has each video;
    losses: for how many of the draws AP lost to kinds of errors is asked for."""

    def __init__(self, kept: Kept, weights: Array, losses: int) -> None:
        self.kept, self.weights = kept, weights
        self.lost = Lost(kept, weights[:losses])

    def knows(self, metric: str) -> bool:
        """Whether what the metric follows from was kept."""
        if metric.startswith(OF_LOSSES):
            return bool(self.kept.errors)
        return metric == "AP" or metric in self.hardest

    def draws(self, metric: str, count: int) -> Array:
        """(count,) in [0, 1], of the first draws; NaN where undefined."""
        if metric.startswith(OF_LOSSES):
            return self.lost.draws(metric.removeprefix(OF_LOSSES))[:count]
        return weighted_ap(self.kept, self.weights[:count] * self.hardest.get(metric, 1))

    @cached_property
    def hardest(self) -> dict[str, Array]:
        """(V,) by metric: whether a video is of the part that it is about."""
        return {f"AP_{name}_high": member for name, member in hardest(self.kept).items()}
