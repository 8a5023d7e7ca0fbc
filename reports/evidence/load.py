"""All that pages, tables and the README say of a profile rests on: `load(layout) -> Evidence`."""
# pyright: reportMissingTypeStubs=false

from dataclasses import dataclass, field, replace

import pandas as pd

from experiments.declared.tables import Table, load_tables
from experiments.stages.layout import Layout
from reports.claims.judging import ClaimResult, judge_all
from reports.costs.cost_evidence import CostEvidence, load_cost_evidence
from reports.costs.run_costs import run_costs
from reports.difficulty.ap_by_part import PartAps, aps_by_part, difficulty_frame
from reports.evidence.table_frames import table_frame
from reports.footage.footage_table import FootageTable, load_footage_table
from reports.looks.evidence import PlanEvidence, by_the_plan, load_plan_evidence
from reports.paper.transcription import Paper, load_paper
from reports.records.code_words import TodaysCode, code_words
from reports.records.comparable import comparable
from reports.records.pool import Pool, load_pool
from reports.records.profile_manifest import (
    load_about,
    load_notes,
    load_profile,
    made_for,
    shown_tables,
)
from reports.records.run_record import Record


@dataclass(frozen=True)
class TableEvidence:
    """A published table beside our records of its runs.

    records: those that may stand side by side; left_out: lines that name the others; code: lines
    on records of other code than today's; frame: its
    rows with published and measured columns, see `table_frame`, and costs, see `run_costs`.
    """

    table: Table
    records: list[Record]
    left_out: list[str]
    code: list[str]
    frame: pd.DataFrame


@dataclass(frozen=True)
class Evidence:
    """What is known of a profile.

    about, notes: the profile's description, and its notes for readers of its claims; made_for: by
    table the other profiles that name it; records: each
    record that some table shows, once, in the order of the tables' rows; difficulty: AP by part of
    the validation videos, and the same as a frame, see `difficulty_frame`; plan: the declared plan
    and its looks; history: how the profile was made, in Markdown.
    """

    profile: str
    about: str
    notes: list[str]
    made_for: dict[str, list[str]]
    paper: Paper
    pool: Pool
    tables: list[TableEvidence]
    records: list[Record]
    plan: PlanEvidence | None
    claims: list[ClaimResult]
    difficulty: PartAps
    difficulty_frame: pd.DataFrame = field(repr=False)
    footage: FootageTable | None
    costs: CostEvidence
    history: str


def load(layout: Layout, *, shipped_only: bool = False) -> Evidence:
    """Reads and computes everything once; works with no, some or all records.

    shipped_only: ignores records made here. Raises ValueError for a broken manifest or list of
    failures.
    """
    pool, paper = load_pool(layout), load_paper()
    candidates = pool.shipped if shipped_only else pool.for_tables
    code, profile = TodaysCode(layout), load_profile(layout.manifests, layout.profile)
    declared = shown_tables(load_tables(layout.manifests), profile)
    plan = load_plan_evidence(layout, declared, candidates)
    tables = [_table(table, candidates, pool, code) for table in declared]
    used = list({record.name: record for one in tables for record in one.records}.values())
    difficulty, costs = aps_by_part(used), load_cost_evidence(layout, paper, used)
    tables = [_with_costs(one, costs, used) for one in tables]
    return Evidence(
        profile=layout.profile,
        about=load_about(layout.manifests, layout.profile),
        notes=load_notes(layout.manifests, layout.profile),
        made_for=made_for(layout.manifests, layout.profile),
        paper=paper,
        pool=pool,
        tables=tables,
        records=used,
        plan=plan,
        claims=by_the_plan(judge_all((one.table, one.records) for one in tables), plan),
        difficulty=difficulty,
        difficulty_frame=difficulty_frame(difficulty),
        footage=load_footage_table(layout, used),
        costs=costs,
        history=layout.history.read_text(encoding="utf-8") if layout.history.is_file() else "",
    )


def _table(table: Table, candidates: list[Record], pool: Pool, code: TodaysCode) -> TableEvidence:
    kept, left_out = comparable(table, candidates)
    frame = table_frame(table, kept, pool.failed)
    return TableEvidence(table, kept, left_out, code_words(kept, code), frame)


def _with_costs(one: TableEvidence, costs: CostEvidence, records: list[Record]) -> TableEvidence:
    runs = [row.run for row in one.table.rows]
    return replace(one, frame=one.frame.join(run_costs(runs, costs.costs, costs.speed, records)))
