"""Which stages have to run, and why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from experiments.engine.shipped_weights import shipped
from experiments.engine.stage_code import Code, StageCode
from experiments.stages.json_files import Record
from experiments.stages.layout import Layout
from experiments.stages.outputs import read_record
from experiments.stages.progress import progress_of
from experiments.stages.stage import PRETRAINING, Stage, difference, folders, in_order

DONE, SHIPPED, RUN = "done", "shipped", "run"
# reasons: the whole of one, how others begin
FORCED, DAMAGED, OTHER_CODE = "forced", "damaged: ", "made by other code: "
FORCIBLE = ("train", "evaluate", "associate")


@dataclass(frozen=True)
class Step:
    """A stage and its action (DONE, SHIPPED or RUN) with the reason; code: the code that makes
    it."""

    stage: Stage
    action: str
    reason: str
    code: Code = field(default_factory=dict)

    @property
    def starts_over(self) -> bool:
        """Whether the files of an earlier run of the stage are to be removed first."""
        return self.reason == FORCED or self.reason.startswith((DAMAGED, OTHER_CODE))


def make_plan(
    goals: list[Stage],
    layout: Layout,
    code: StageCode | None = None,
    *,
    force: bool = False,
    accept: bool = False,
) -> list[Step]:
    """Steps for the goals, inputs before what needs them; inputs that no stage to run needs are
    left out.

    force: training and evaluation of the goals run again (for a goal that is a pretraining, that
    too); code: today's, with which finished and begun stages are compared; accept: finished stages
    of other code stay. All files are checksummed of finished stages that a stage to run needs; of
    finished goals only those whose size or time has changed.
    """
    again = [s for s in in_order(goals) if s.kind in FORCIBLE or s in goals] if force else []
    forced = {stage.key for stage in again}
    steps: dict[str, Step] = {}

    def visit(stage: Stage, used: bool) -> None:
        if stage.key in steps:
            return
        compared = None if accept else code
        action, reason = decide(stage, layout, stage.key in forced, compared, thorough=used)
        if action == RUN:
            for needed in stage.inputs.values():
                visit(needed, True)
        step = Step(stage, action, reason)
        if code and action == RUN:
            now = code.today(stage, layout) if step.starts_over else code.resumed(stage, layout)
            step = replace(step, code=now)
        steps[stage.key] = step

    for goal in goals:
        visit(goal, goal.kind in PRETRAINING)  # another goal may start from it
    return list(steps.values())


def decide(
    stage: Stage,
    layout: Layout,
    forced: bool,
    code: StageCode | None = None,
    *,
    thorough: bool = False,
) -> tuple[str, str]:
    """Action and reason for a stage. code: as in `make_plan`; thorough: as in `outputs.damage`."""
    if forced:
        return RUN, FORCED
    damage, record = stage.damage(layout, thorough=thorough), stage.record(layout)
    changed = code.change(stage, layout, record) if code and record else ""
    if record and not damage and not changed:
        return DONE, ""
    reason = OTHER_CODE + changed if changed else DAMAGED + damage if damage else ""
    reason = reason or why_missing(stage, layout, code)
    if stage.kind in PRETRAINING:
        entry, text = shipped(stage, layout)
        if entry:
            again = reason.startswith((DAMAGED, OTHER_CODE))
            return SHIPPED, f"{reason}; {text}" if again else text
        reason += f"; {text}" if text else ""
    return RUN, reason


def why_missing(stage: Stage, layout: Layout, code: StageCode | None = None) -> str:
    """Why a stage has to run: its record is damaged, it is unfinished, it changed since an earlier
    run, or it never ran."""
    record = stage.folder(layout) / "record.json"
    if record.exists():
        return f"{DAMAGED}{layout.shown(record)} is not as it was written"
    progress = progress_of(stage.folder(layout))
    if progress:
        stopped = f"unfinished, stopped at {progress['done']} of {progress['total']}"
        changed = code.begun(stage, layout) if code else ""
        return f"{OTHER_CODE}{stopped}; {changed}" if changed else stopped
    earlier = latest_record(stage, layout)
    return f"changed: {difference(earlier, stage)}" if earlier else "missing"


def latest_record(stage: Stage, layout: Layout) -> Record | None:
    """The newest finished stage of the same kind and name."""
    length = len(stage.folder(layout).name)
    found = [path for path in folders(layout.runs, "") if path.name.startswith(stage.prefix)]
    records = [read_record(path) or {} for path in found if len(path.name) == length]
    same = [r for r in records if (r.get("stage"), r.get("name")) == (stage.kind, stage.name)]
    return max(same, key=lambda record: record.get("finished", ""), default=None)
