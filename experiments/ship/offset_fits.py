"""The fit of offsets as results keep it, for the page of the audit."""

from __future__ import annotations

from experiments.stages.json_files import read_json, write_json
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage

KEPT = ("key", "finished", "spec", "metrics", "git", "packages", "hardware", "dataset")


def write_offset_fit(stage: Stage, layout: Layout) -> bool:
    """Writes results/<profile>/offset-fit.json of a finished fit; True if its content is new."""
    record = stage.record(layout)
    if record is None:
        return False
    kept = {name: record[name] for name in KEPT if name in record}
    kept["metrics"] = {k: v for k, v in kept["metrics"].items() if k != "curve"}
    if kept == read_json(layout.offset_fit):
        return False
    write_json(layout.offset_fit, {"profile": layout.profile} | kept)
    return True
