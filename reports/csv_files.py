"""The tables as CSV files, results/<profile>/tables/<name>.csv."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from pathlib import Path

import pandas as pd

from experiments.stages.layout import Layout
from reports.claims.claims_frame import claims_frame
from reports.evidence.load import Evidence
from tpr.files import write_atomically


def csv_text(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, lineterminator="\n")


def csv_frames(evidence: Evidence) -> dict[str, pd.DataFrame]:
    """By name: every table, AP by difficulty where records know it, costs where measured."""
    frames = {one.table.id: one.frame for one in evidence.tables}
    if evidence.claims:
        frames["claims"] = claims_frame(evidence.profile, evidence.claims)
    if evidence.difficulty:
        frames["difficulty"] = evidence.difficulty_frame
    if evidence.costs.costs:
        frames |= {f"{id}-costs": frame for id, frame in evidence.costs.frames.items()}
    return frames


def write_csv_files(evidence: Evidence, layout: Layout) -> list[Path]:
    """Writes all of them; returns the paths."""
    return [
        write_atomically(layout.tables / f"{name}.csv", csv_text(frame))
        for name, frame in csv_frames(evidence).items()
    ]
