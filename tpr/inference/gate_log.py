"""What gates did in every frame of an inference run."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tpr.files import replacing
from tpr.routing import GateUse, grouped, open_fractions

ALL = "all"


class GateLog:
    """Collects the share of the gated computation done in each frame, in all and by level.

    seconds: what collecting took, which is no part of inference.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []
        self.seconds = 0.0

    def add(self, frames: Sequence[tuple[int, int]], gates: Sequence[GateUse]) -> None:
        """frames: (video id, index) of every image of the call that the gates (N, ...) are of."""
        if not gates:
            return
        begin = time.perf_counter()
        groups = {ALL: range(len(gates))} | grouped(gates, lambda use: use.level)
        shares = {name: x.tolist() for name, x in open_fractions(gates, groups).items()}
        for i, (video, t) in enumerate(frames):
            row: dict[str, float] = {"video": video, "frame": t}
            self.rows.append(row | {name: share[i] for name, share in shares.items()})
        self.seconds += time.perf_counter() - begin

    def summary(self) -> dict[str, Any]:
        """open_fraction: the mean over frames, None without gates; open_fraction_by_level:
        {"all" or level: {min, mean, max over frames}}."""
        if not self.rows:
            return {"open_fraction": None, "open_fraction_by_level": None}
        names = [name for name in self.rows[0] if name not in ("video", "frame")]
        levels = {name: spread([row[name] for row in self.rows]) for name in names}
        return {"open_fraction": levels[ALL]["mean"], "open_fraction_by_level": levels}

    def write(self, path: Path) -> None:
        """All rows as a JSON list, put in place in one step."""
        with replacing(path) as draft:
            draft.write_text(json.dumps(self.rows), encoding="utf-8")


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"min": min(values), "mean": sum(values) / len(values), "max": max(values)}
