"""The paper's result tables as the manifests declare them: rows with their published metrics, and
the claims that the text makes about them.

One YAML file a table, `experiments/manifests/tables/<id>.yaml`:

    table: 1a
    title: Effect of two main components
    paper: Table 1(a)
    rows:
      - {run: blendmask-r50, cells: {Backbone: ResNet50, DACR: "-"}, published: {AP: 33.8}}
    claims:
      - {name: DACR helps, better: blendmask-r50+dacr, than: blendmask-r50, metric: AP,
         published_gain: 1.4, section: "4.2", sentence: "Adding DACR results in ..."}
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

from experiments.declared.manifest_errors import ManifestError, Source
from experiments.declared.measures import MEASURES
from experiments.declared.model_settings import PROFILE_WIDE
from experiments.declared.runs import load_runs
from experiments.declared.typed_yaml import Label, load_typed

METRICS = ("AP", "AP50", "AP75", "AR1", "AR10")  # the paper's metrics, which claims may compare
TRACKING = ("HOTA", "DetA", "AssA", "IDF1")
SIDES = ("more", "less")
# columns of results/<profile>/tables beside a row's label cells
COLUMNS = {
    *METRICS,
    *TRACKING,
    *("run", "AP_std", "seeds", "seed_ids", "AP_bootstrap_se", "published", "gain"),
    *("gain_over", "published_gain", "status", "params", "FPS"),
}


@dataclass(frozen=True)
class Row:
    """A row of a table: a run.

    cells: by label column; printed: the paper's metrics in percent, None for one that it does not
    give.
    """

    run: str
    cells: dict[str, Label] = field(default_factory=dict[str, str])
    printed: dict[str, float | None] = field(
        default_factory=dict[str, float | None], metadata={"key": "published"}
    )
    baseline: str | None = None  # the run that its gain is counted from, if the manifest says so
    note: str = ""

    @property
    def published(self) -> dict[str, float]:
        """The metrics that the paper gives, in percent."""
        return {name: value for name, value in self.printed.items() if value is not None}


@dataclass(frozen=True)
class Claim:
    """The paper's statement that run `better` exceeds run `than` by `published_gain` points.

    published_gain: None where the paper gives no number, only that `better` has `expects`, more or
    less; measure: what of, where that is none of the paper's metrics (see MEASURES); sentence: the
    paper's own words, none where only its table says so; note: what a reader should know of our
    side of the comparison; control: the run that has all but what the claim is about, over which
    another claim of ours says what `better` gains.
    """

    name: str
    better: str
    than: str
    published_gain: float | None = field(default=None, metadata={"kind": float})
    metric: str = "AP"
    measure: str = ""
    expects: str = ""
    section: Label = ""
    sentence: str = ""
    note: str = ""
    control: str = ""

    @property
    def compared(self) -> str:
        """Name of the number of a record that is compared."""
        return self.measure or self.metric

    @property
    def gain(self) -> float:
        """The published gain in percent points; where only the side is known, 0 with its sign."""
        if self.published_gain is not None:
            return self.published_gain
        return -0.0 if self.expects == "less" else 0.0


@dataclass(frozen=True)
class Level:
    """The statement, ours, that a run reaches a number: its AP in percent is `at_least` this."""

    name: str
    run: str
    at_least: float


@dataclass(frozen=True)
class Cited:
    """Another authors' method of a table, which no run stands for.

    rows: of reports/published/tables.yaml; in_its_place: what runs here instead, empty where
    nothing does; why: how that differs from it, or what it would take.
    """

    rows: tuple[Label, ...]
    why: str
    in_its_place: str = ""


@dataclass(frozen=True)
class Table:
    """A table of the paper.

    varies: names of settings in which its rows differ on purpose; mechanism: whether it shows how
    far its rows align; by_name_only: whether it belongs to profiles that name it alone, not to
    those that have every table.
    """

    id: Label = field(metadata={"key": "table"})
    title: str
    rows: tuple[Row, ...]
    paper: str = ""  # what the paper calls it: "Table 1(a)"; the id where the manifest does not say
    note: str = ""
    varies: tuple[str, ...] = ()
    mechanism: bool = False
    by_name_only: bool = False
    claims: tuple[Claim, ...] = ()
    levels: tuple[Level, ...] = ()
    cited: tuple[Cited, ...] = ()

    @property
    def runs(self) -> list[str]:
        """Each run once, in the order of the rows."""
        return list(dict.fromkeys(row.run for row in self.rows))

    @property
    def trained(self) -> list[str]:
        """What the table as a target trains: the runs of its rows, then the controls of its claims,
        so that no claim stands without the one that isolates it."""
        controls = [claim.control for claim in self.claims if claim.control]
        return list(dict.fromkeys([*self.runs, *controls]))

    @property
    def of_measures(self) -> bool:
        """Whether all its claims are about other measures than the paper's metrics; its runs' AP
        then stands in other tables."""
        return bool(self.claims) and all(claim.measure for claim in self.claims)

    def baseline_of(self, row: Row) -> str | None:
        """The run that a row's gain is counted from, None where there is none.

        It is the row's own `baseline`; else the run that the first claim about the row compares it
        with. A row with neither is compared with nothing, whatever the order of rows.
        """
        if row.baseline:
            return row.baseline
        compared = [claim.than for claim in self.claims if claim.better == row.run]
        return compared[0] if compared else None


def load_tables(manifests: Path, runs: Collection[str] | None = None) -> list[Table]:
    """Every table below `manifests`, ordered by file name; runs: the declared ones, None: those of
    its runs.yaml, if there is one."""
    declared = manifests / "runs.yaml"
    if runs is None and declared.is_file():
        runs = load_runs(declared)[0]
    tables = [load_table(path, runs) for path in sorted((manifests / "tables").glob("*.yaml"))]
    check_controls(manifests, tables)
    return tables


def check_controls(manifests: Path, tables: list[Table]) -> None:
    """Raises ManifestError unless a claim is declared over each control that a claim names."""
    claims = [claim for table in tables for claim in table.claims]
    known = {(claim.better, claim.than, claim.compared) for claim in claims}
    for claim in claims:
        if claim.control and (claim.better, claim.control, claim.compared) not in known:
            raise ManifestError(
                f"{manifests / 'tables'}: claim {claim.name!r} has the control "
                f"{claim.control!r}, but no claim says what {claim.better} gains over it"
            )


def load_table(path: Path, runs: Collection[str] | None = None) -> Table:
    """Reads and checks one table.

    runs: the declared ones; None where none are declared, so that any name is accepted. Raises
    ManifestError for a name that a row or a claim uses and nothing declares.
    """
    table, source = load_typed(path, Table)
    if table.id != path.stem:
        raise ManifestError(f"{path}: table {table.id!r} must stand in {table.id}.yaml")
    for i, name in enumerate(table.varies):
        source.check_name(name, PROFILE_WIDE, "setting", "varies", i)
    check_rows(table, source, runs)
    check_claims(table, source)
    for i, level in enumerate(table.levels):
        source.check_name(level.run, table.runs, "row", "levels", i, "run")
    check_baselines(table, source)
    return table if table.paper else replace(table, paper=table.id)


def check_rows(table: Table, source: Source, runs: Collection[str] | None) -> None:
    seen: set[str] = set()
    for i, row in enumerate(table.rows):
        if runs is not None:
            source.check_name(row.run, runs, "run", "rows", i, "run")
        if row.run in seen:
            raise source.error(f"run {row.run!r} has two rows", "rows", i, "run")
        seen.add(row.run)
    check_columns(table, source)
    for i, row in enumerate(table.rows):
        if row.baseline is not None:
            source.check_name(row.baseline, seen, "row", "rows", i, "baseline")


def check_columns(table: Table, source: Source) -> None:
    """Raises ManifestError unless every row has a cell in each column and no column has the name of
    one of ours."""
    columns = list(dict.fromkeys(name for row in table.rows for name in row.cells))
    for i, row in enumerate(table.rows):
        if missing := [name for name in columns if name not in row.cells]:
            message = f"row {row.run!r} lacks {', '.join(missing)}"
            raise source.error(message, "rows", i, "run")
        for name in row.cells:
            if name in COLUMNS:
                message = f"{name!r} is a column of ours, not a label cell"
                raise source.error(message, "rows", i, "cells", name, "")


def check_claims(table: Table, source: Source) -> None:
    rows = [row.run for row in table.rows]
    for i, claim in enumerate(table.claims):
        source.check_name(claim.better, rows, "row", "claims", i, "better")
        source.check_name(claim.than, rows, "row", "claims", i, "than")
        source.check_name(claim.metric, METRICS, "metric", "claims", i, "metric")
        if claim.measure:
            source.check_name(claim.measure, MEASURES, "measure", "claims", i, "measure")
        if claim.expects:
            source.check_name(claim.expects, SIDES, "side", "claims", i, "expects")
        if mistake := _mistake_of_side(claim):
            raise source.error(f"claim {claim.name!r}: {mistake}", "claims", i, "name")


def _mistake_of_side(claim: Claim) -> str:
    if claim.published_gain == 0:
        return "published_gain is 0, a claim needs a side"
    if claim.published_gain is None and not claim.expects:
        return "lacks the key 'published_gain', or 'expects': more or less without a number"
    if claim.published_gain is not None and claim.expects:
        return "has 'published_gain' and 'expects', one of which says the side"
    return ""


def check_baselines(table: Table, source: Source) -> None:
    """Raises ManifestError where a row's gain is counted from a row whose own gain is counted from
    it."""
    below: dict[str, tuple[str, tuple[str | int, ...]]] = {}  # run: what it is counted from, where
    for i, claim in reversed(list(enumerate(table.claims))):
        below[claim.better] = claim.than, ("claims", i, "than")
    for i, row in enumerate(table.rows):
        if row.baseline is not None:
            below[row.run] = row.baseline, ("rows", i, "baseline")
    for run in below:
        chain = [run]
        while chain[-1] in below:
            chain.append(below[chain[-1]][0])
            if chain[-1] in chain[:-1]:
                circle = " -> ".join(chain)
                message = f"baselines go round in a circle: {circle}"
                raise source.error(message, *below[run][1])
