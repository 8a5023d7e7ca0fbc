"""The tables as CSV files, results/<profile>/tables/<name>.csv."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from pathlib import Path

import pandas as pd

from experiments.stages.layout import Layout
from reports.claims.claims_frame import claims_frame
from reports.costs.run_costs import run_costs, speed_frame
from reports.evidence.load import Evidence
from reports.evidence.tidy_frame import tidy_frame
from reports.frame_rows import frame_rows
from tpr.files import write_atomically


def csv_text(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, lineterminator="\n")


def csv_frames(evidence: Evidence) -> dict[str, pd.DataFrame]:
    """By name: every table, AP by difficulty where records know it, costs and speed where measured,
    and every number in one tidy table. Table 1(f) is one of costs only."""
    frames = {one.table.id: one.frame for one in evidence.tables}
    if evidence.claims:
        frames["claims"] = claims_frame(evidence.profile, evidence.claims)
    if evidence.difficulty:
        frames["difficulty"] = evidence.difficulty_frame
    if evidence.costs.costs:
        frames |= _cost_frames(evidence)
    if evidence.costs.speed:
        frames["speed"] = speed_frame(evidence.costs.speed)
    return frames | {"all": tidy_frame(evidence)}


def _cost_frames(evidence: Evidence) -> dict[str, pd.DataFrame]:
    """Beside the paper's costs; 1(f), which is of costs only, has FPS of its runs as well."""
    found = evidence.costs
    one = found.frames["1f"]
    runs = [row["run"] for row in frame_rows(one)]
    speeds = run_costs(runs, found.costs, found.speed, evidence.records).filter(like="FPS")
    rest = {f"{id}-costs": frame for id, frame in found.frames.items() if id != "1f"}
    return {"1f": one.join(speeds)} | rest


def write_csv_files(evidence: Evidence, layout: Layout) -> list[Path]:
    """Writes all of them; returns the paths."""
    return [
        write_atomically(layout.tables / f"{name}.csv", csv_text(frame))
        for name, frame in csv_frames(evidence).items()
    ]
