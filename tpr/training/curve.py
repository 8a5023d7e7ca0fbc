"""Measurements of a training run, by iteration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from tpr.files import replacing

POINTS = 100  # of a curve that goes into a record


class TrainingCurve:
    """Measurements by iteration in out/log.jsonl and as TensorBoard events.

    writes: whether this process writes files; of several processes one does.
    """

    def __init__(self, out: Path, writes: bool = True) -> None:
        self.path, self.writes = out / "log.jsonl", writes
        self.lines: list[dict[str, float]] = []

    def restart(self, iteration: int, lines: list[dict[str, float]]) -> None:
        """Continues from the measurements up to `iteration`; later ones are measured again."""
        self.lines = list(lines)
        if self.writes:
            with replacing(self.path) as draft:
                draft.write_text(
                    "".join(json.dumps(x) + "\n" for x in self.lines), encoding="utf-8"
                )
            self.board = SummaryWriter(str(self.path.parent / "tensorboard"), purge_step=iteration)

    def add(self, iteration: int, values: dict[str, float]) -> None:
        self.lines.append({"iteration": iteration} | values)
        if not self.writes:
            return
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(self.lines[-1]) + "\n")
        for name, value in values.items():
            self.board.add_scalar(name, value, iteration)

    def summary(self, iterations: int) -> dict[str, Any]:
        """Means over the last tenth of the run, and the whole of it at up to POINTS iterations."""
        if self.writes:
            self.board.close()
        last = [x for x in self.lines if x["iteration"] > 0.9 * iterations] or self.lines[-1:]
        mean = {k: sum(x[k] for x in last) / len(last) for k in last[0] if k != "iteration"}
        losses = {k: v for k, v in mean.items() if k.startswith("loss")}
        rest = {k: v for k, v in mean.items() if k not in losses}
        return {
            "iterations": iterations,
            "final_losses": losses,
            "open_fraction": rest or None,
            "curve": self.thinned(),
        }

    def thinned(self) -> dict[str, list[float]]:
        """Evenly spaced measurements, by name, to six digits."""
        lines = self.lines[:: -(-len(self.lines) // POINTS)]
        return {name: [float(f"{line[name]:.6g}") for line in lines] for name in lines[0]}
