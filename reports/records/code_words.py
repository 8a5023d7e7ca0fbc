"""The lines above a table on the code that made its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from experiments.declared.manifests import load_manifests
from experiments.engine.stage_code import StageCode, difference, since
from experiments.engine.worker import STAGE_BODIES
from experiments.pipeline.graph import Graph
from experiments.stages.layout import Layout
from reports.records.run_record import Record

UNRECORDED = (
    "These records were made before records said by which code: their commits are under Provenance."
)
MIXED = "Gains between these and the other records compare results of different code."


@dataclass(frozen=True)
class TodaysCode:
    """Digests of the present code of a profile's stages."""

    layout: Layout

    @cached_property
    def graph(self) -> Graph | None:
        """The profile's stages; None where nothing is declared."""
        if not (self.layout.manifests / "runs.yaml").is_file():
            return None
        manifests = load_manifests(self.layout.manifests)
        known = self.layout.profile in manifests.profiles
        return Graph(manifests.runs, manifests.profile(self.layout.profile)) if known else None

    @cached_property
    def code(self) -> StageCode:
        return StageCode(STAGE_BODIES)

    def change(self, record: Record) -> str:
        """What of the code has changed since an evaluation was made; "" if nothing, or if today's
        settings differ."""
        if self.graph is None or record.run not in self.graph.runs:
            return ""
        stage = self.graph.evaluate(record.run, record.seed)
        if stage.key != record.evaluation_key:
            return ""
        now = self.code.today(stage, None)
        changed = difference(record.evaluate.get("code"), now, "evaluate")
        return f"the code of {changed} changed{since(record.evaluate)}" if changed else ""


def code_words(records: Sequence[Record], today: TodaysCode) -> list[str]:
    """Lines on records made by other code than today's, and on those that do not say; none where
    all are of today's."""
    unrecorded = [record.name for record in records if not record.evaluate.get("code")]
    if len(unrecorded) == len(records):
        return [UNRECORDED] if records else []
    others: dict[str, list[str]] = {}
    for record in records:
        if record.name not in unrecorded and (change := today.change(record)):
            others.setdefault(change, []).append(record.name)
    lines = [f"Of other code than today's: {', '.join(names)} ({c})" for c, names in others.items()]
    if unrecorded:
        lines.append(f"Made before records said by which code: {', '.join(unrecorded)}")
    mixed = bool(lines) and (len(lines) > 1 or sum(map(len, others.values())) < len(records))
    return [*lines, MIXED] if mixed else lines
