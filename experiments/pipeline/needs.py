"""What the stages of a plan need from outside: recorded data and public weights."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from experiments.stages.stage import Stage
from tpr.weights.file_kinds import kind_of


def check_needs(todo: Iterable[Stage], profile: str, data_root: str | None) -> None:
    """Checks what the stages to run need from outside, and sets the folder of recorded data for
    them.

    Raises ValueError or FileNotFoundError that say what to do, before anything runs.
    """
    todo = list(todo)
    weights = sorted({stage.spec["weights"] for stage in todo if stage.spec.get("weights")})
    if not weights and not any(map(recorded_data, todo)):
        return
    if data_root is None:
        names = sorted({name for stage in todo if (name := recorded_data(stage))})
        what = " and ".join(names) or "public weights (docs/full-scale.md)"
        raise ValueError(
            f"profile {profile} needs {what}: give the folder by --data-root DIR "
            "or TPR_DATA (--dry-run shows the plan without it)"
        )
    folder = Path(data_root).resolve()
    if not folder.is_dir():
        raise FileNotFoundError(f"{data_root}: no such folder (from --data-root or TPR_DATA)")
    missing = [name for name in weights if not (folder / name).exists()]
    if missing:
        raise FileNotFoundError(
            f"{data_root} lacks the pretrained weights {', '.join(missing)}: "
            "`python -m tpr.checkpoint list` says where each comes from and how it is converted"
        )
    for name in weights:
        kind_of(folder / name)  # a web page or an LFS pointer would fail every training
    os.environ["TPR_DATA"] = str(folder)


def recorded_data(stage: Stage) -> str:
    """What data the stage reads from the folder of recorded ones, "" if none."""
    if "id_maps" in stage.spec:
        return f"the recorded data {stage.spec['own']} (docs/cells.md)"
    if stage.kind == "videos" and "dataset" in stage.spec and "generated" not in stage.spec:
        return "YouTube-VIS"
    return ""
