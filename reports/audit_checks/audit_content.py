"""What the audit's pages say: findings, costs under both conventions, the transcription itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.audit_checks.cost_checks import cost_findings
from reports.audit_checks.finding import IN_ORDER, MISSING, STANDS_OUT, Finding
from reports.audit_checks.offset_checks import offset_findings
from reports.audit_checks.result_checks import result_findings
from reports.costs.cost_frames import GIGA, MEGA, TOTALS, Costs
from reports.costs.cost_words import relative
from reports.numbers import NOTHING, number, signed
from reports.paper.transcription import WORDS, Cells, Paper
from tpr.cost import conventions
from tpr.cost.conventions import Cost


@dataclass(frozen=True)
class FindingGroup:
    name: str
    findings: list[Finding]


@dataclass(frozen=True)
class ComparedCost:
    """A published cost beside ours under each convention, ours with the difference in percent."""

    what: str
    paper: str
    published: str
    executed: str


@dataclass(frozen=True)
class TranscribedRow:
    label: str
    cells: list[str]


@dataclass(frozen=True)
class TranscribedTable:
    id: str
    title: str
    names: list[str]  # of the columns
    rows: list[TranscribedRow]


@dataclass(frozen=True)
class AuditContent:
    """What the templates audit.html and audit.md show, by the names that they use."""

    problems: list[str]
    summary: str
    groups: list[FindingGroup]
    explained: list[ComparedCost]
    ledger: list[dict[str, str]]
    tables: list[TranscribedTable]


def audit_content(
    paper: Paper, costs: Costs, problems: list[str], fits: Mapping[str, dict[str, Any]]
) -> AuditContent:
    """fits: what offset heads see of the motion, by profile."""
    groups = [
        FindingGroup("Costs and speed", _sorted(cost_findings(paper, costs))),
        FindingGroup("Accuracy", _sorted(result_findings(paper))),
        FindingGroup("Method", _sorted(offset_findings(fits))),
    ]
    return AuditContent(
        problems=problems,
        summary=_summary(paper, [finding for group in groups for finding in group.findings]),
        groups=groups,
        explained=_explained(paper, costs),
        ledger=paper.ledger,
        tables=[_transcribed(paper, table) for table in paper.tables],
    )


def _sorted(findings: Sequence[Finding]) -> list[Finding]:
    """Findings with the outcomes that matter most first, otherwise in the given order."""
    order = (STANDS_OUT, MISSING, IN_ORDER)
    return sorted(findings, key=lambda finding: order.index(finding.outcome))


def _summary(paper: Paper, findings: Sequence[Finding]) -> str:
    counts = {kind: sum(f.outcome == kind for f in findings) for kind in (STANDS_OUT, IN_ORDER)}
    text = (
        f"{len(list(paper.numbers()))} numbers of {len(paper.tables)} tables and {len(findings)} "
        f"checks: {counts[STANDS_OUT]} stand out, {counts[IN_ORDER]} are in order"
    )
    rest = len(findings) - sum(counts.values())
    return text + (f", {rest} not run." if rest else ".")


def _explained(paper: Paper, costs: Costs) -> list[ComparedCost]:
    """Published costs beside ours, for backbones of which we have both models."""
    rows: list[ComparedCost] = []
    for backbone, name in (("r50", "ResNet50"), ("r101", "ResNet101")):
        base, routed = (paper.row("1f", f"{kind}-{backbone}") for kind in ("baseline", "tpr"))
        plain, whole = costs.get(base["run"]), costs.get(routed["run"])
        if plain and whole:
            rows += _explained_baseline(name, base, plain) + _explained_tpr(name, routed, whole)
    return rows


def _explained_baseline(name: str, base: Cells, cost: Cost) -> list[ComparedCost]:
    flops = [total(cost) / GIGA for total in TOTALS.values()]
    params = conventions.parameters(cost) / MEGA
    return [
        _compare(f"{name}, parameters, M", base["params"], [params, params], number),
        _compare(f"{name}, GFLOPs", base["GFLOPs_avg"], flops, number),
    ]


def _explained_tpr(name: str, routed: Cells, cost: Cost) -> list[ComparedCost]:
    """What TPR adds in parameters and, with all gates closed, in GFLOPs: its least cost."""
    params = conventions.added_parameters(cost) / MEGA
    closed = [conventions.added(cost, kind, 0) / GIGA for kind in TOTALS]
    what = f"{name}, TPR with closed gates, against the published minimum, GFLOPs"
    return [
        _compare(f"{name}, parameters of TPR, M", routed["added_params"], [params] * 2, signed),
        _compare(what, routed["added_GFLOPs_min"], closed, signed),
    ]


def _compare(
    what: str, theirs: float, ours: list[float], show: Callable[[float, int], str]
) -> ComparedCost:
    """ours: under the published convention, and executed."""
    seen, done = (f"{show(x, 2)} ({signed(relative(x, theirs))} %)" for x in ours)
    return ComparedCost(what, show(theirs, 1), seen, done)


def _transcribed(paper: Paper, table: str) -> TranscribedTable:
    """A table as it was transcribed; a plus sign marks columns that hold differences."""
    rows = paper.rows(table).values()
    names = list(dict.fromkeys(n for cells in rows for n in cells if n not in WORDS))
    return TranscribedTable(
        id=table,
        title=paper.title(table),
        names=[name.replace("added_", "+").replace("_", " ") for name in names],
        rows=[
            TranscribedRow(cells["label"], [_printed(cells.get(name)) for name in names])
            for cells in rows
        ],
    )


def _printed(value: float | None) -> str:
    return NOTHING if value is None else f"{value:g}" if isinstance(value, int) else number(value)
