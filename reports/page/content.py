"""Everything that the page and its Markdown twin say, in words and cells. No markup here."""

import re
from dataclasses import dataclass

from reports.claims.claim_rows import ClaimGroup, Tick, claim_groups, strip_reach, strip_scale
from reports.claims.claims_frame import claims_frame
from reports.claims.deciding import COLUMNS as DESIGNS
from reports.claims.deciding import DecidingRow, deciding_rows
from reports.claims.kind_sentences import kind_sentences
from reports.claims.levels import level_sentence
from reports.claims.verdicts import is_meaningless
from reports.costs.cost_cells import CostSection, cost_section
from reports.costs.run_costs import cost_columns
from reports.csv_files import csv_text
from reports.difficulty.part_tables import PartTable, difficulty_tables
from reports.doses.gain_curves import Curves
from reports.doses.section import DoseSection, dose_section
from reports.errors.error_changes import changes_of, error_pairs, sentence
from reports.errors.error_rows import ErrorTable, error_table, with_losses
from reports.evidence.load import Evidence, TableEvidence
from reports.figures.figure import Figure
from reports.figures.page_figures import PageFigures
from reports.footage.footage_table import FootageTable
from reports.mechanism.section import MechanismSection, mechanism_section
from reports.page.categories import CategoryTable, category_table
from reports.page.claim_notes import claim_notes
from reports.page.elsewhere import elsewhere
from reports.page.findings import Finding, findings
from reports.page.headline import Headline, headline
from reports.page.latex import latex_table
from reports.page.plan_section import PlanSection, plan_section
from reports.page.provenance import (
    PackageSet,
    ProvenanceRow,
    machines,
    package_sets,
    provenance_row,
)
from reports.page.records_made_here import MadeHere, made_here
from reports.page.table_cells import TableCells, table_cells
from reports.paper.cited import COLUMNS, CitedRow, cited_rows
from reports.scale.plane import Scales
from reports.scale.section import ScaleSection, scale_section
from reports.trackers.section import TrackerSection, tracker_section
from reports.trackers.tracker_gains import TrackerGains


@dataclass(frozen=True)
class TableSection:
    """A table of the paper: our rows, those of other authors' methods, charts, files to download.

    csv, latex: the table's content as files; levels: what runs are said to reach, and what they do;
    kinds: what claims on kinds of errors and on hard videos came to.
    """

    cells: TableCells
    cited: list[CitedRow]
    charts: list[Figure]
    csv: str
    latex: str
    levels: list[str]
    kinds: str


@dataclass(frozen=True)
class PageContent:
    """What the templates page.html and report.md show, by the names that they use."""

    profile: str
    head: Headline
    findings: list[Finding]
    elsewhere: str
    problems: list[str]
    made_here: MadeHere | None
    claims: list[ClaimGroup]
    claims_csv: str
    claim_notes: list[str]
    scale: list[Tick]  # of the interval strips
    designs: list[str]  # columns of `deciding`, seeds × videos
    deciding: list[DecidingRow]
    mechanism: MechanismSection | None
    mechanism_figure: Figure | None
    plan: PlanSection | None
    tables: list[TableSection]
    cited_columns: tuple[str, ...]
    difficulty: list[PartTable]
    difficulty_figure: Figure | None
    footage: FootageTable | None
    errors: ErrorTable
    error_changes: list[str]
    errors_figure: Figure | None
    doses: DoseSection | None
    doses_figure: Figure | None
    scales: ScaleSection | None
    scales_figure: Figure | None
    trackers: TrackerSection | None
    trackers_figure: Figure | None
    categories: CategoryTable | None
    viewer: Figure | None
    pictures: list[Figure]
    costs: CostSection
    cost_charts: list[Figure]
    provenance: list[ProvenanceRow]
    machines: list[tuple[str, int]]
    packages: list[PackageSet]
    history: str


def page_content(
    evidence: Evidence,
    figures: PageFigures,
    doses: Curves | None = None,
    trackers: TrackerGains | None = None,
    scales: Scales | None = None,
) -> PageContent:
    records = evidence.records
    return PageContent(
        profile=evidence.profile,
        head=headline(evidence),
        findings=findings(evidence.profile, evidence.claims),
        elsewhere=elsewhere(evidence),
        problems=evidence.pool.problems + figures.failures,
        made_here=made_here(evidence.pool, evidence.claims),
        claims=claim_groups(evidence.profile, evidence.claims),
        claims_csv=csv_text(claims_frame(evidence.profile, evidence.claims)),
        claim_notes=claim_notes(evidence),
        scale=strip_scale(strip_reach(evidence.claims)),
        designs=DESIGNS,
        deciding=[] if is_meaningless(evidence.profile) else deciding_rows(evidence.claims),
        mechanism=mechanism_section(evidence),
        mechanism_figure=figures.mechanism,
        plan=plan_section(evidence),
        tables=[_table(evidence, one, figures.charts[one.table.id]) for one in evidence.tables],
        cited_columns=COLUMNS,
        difficulty=difficulty_tables(list(evidence.difficulty), evidence.difficulty_frame),
        difficulty_figure=figures.difficulty,
        footage=evidence.footage,
        errors=error_table(records),
        error_changes=error_sentences(evidence),
        errors_figure=figures.errors,
        doses=dose_section(evidence.profile, doses) if doses else None,
        doses_figure=figures.doses,
        scales=scale_section(scales) if scales else None,
        scales_figure=figures.scale,
        trackers=tracker_section(evidence.profile, trackers) if trackers else None,
        trackers_figure=figures.trackers,
        categories=category_table(records),
        viewer=figures.viewer,
        pictures=figures.pictures,
        costs=cost_section(evidence.paper, evidence.costs, records),
        cost_charts=figures.costs,
        provenance=[provenance_row(record) for record in records],
        machines=machines(records),
        packages=package_sets(records),
        history=re.sub(r"^#{1,6} ", "### ", evidence.history, flags=re.MULTILINE),
    )


def error_sentences(evidence: Evidence) -> list[str]:
    """Which kinds of errors TPR makes less or more of."""
    pairs = error_pairs([one.table for one in evidence.tables])
    return [sentence(one) for one in changes_of(with_losses(evidence.records), pairs)]


def _table(evidence: Evidence, one: TableEvidence, charts: list[Figure]) -> TableSection:
    cells = table_cells(one)
    return TableSection(
        cells=cells,
        cited=cited_rows(evidence.paper, one.table),
        charts=charts,
        csv=csv_text(one.frame),
        latex=latex_table(cells, evidence.profile, cost_columns(one.frame)),
        levels=[level_sentence(level, one.records) for level in one.table.levels],
        kinds=kind_sentences(
            evidence.profile, [c for c in evidence.claims if c.table.id == one.table.id]
        ),
    )
