"""The mechanism on the page: gains beside alignment, from made-up probes."""

import pytest

from experiments.stages.layout import Layout
from reports.evidence.load import load
from reports.figures.mechanism_chart import gain_beside_alignment, labels
from reports.mechanism.aligning import aligning
from reports.mechanism.section import FlowRow, mechanism_section, mechanisms
from reports.page.table_cells import table_cells
from reports.records.run_record import load_records
from tests.helpers.fake_records import record, write_manifest, write_record
from tpr.probes.places import PLACES

TABLE = """
table: controls
title: What carries the gain
mechanism: true
rows:
  - {run: base, cells: {Module: none}, published: {}}
  - {run: base+merge, cells: {Module: merging}, published: {}}
  - {run: base+dacr, cells: {Module: DACR}, published: {}}
  - {run: base+flow, cells: {Module: flow}, published: {}}
  - {run: base+self, cells: {Module: itself}, published: {}}
  - {run: base+old, cells: {Module: old}, published: {}}
claims: []
"""


def errors(error: float, none: float, correlation: float | None) -> dict:
    return {
        "positions": 90,
        "error": error,
        "none": none,
        "correlation": correlation,
        "r2": None,
    }


def probed(level: dict, dis: dict | None = None, gates: dict | None = None) -> dict:
    return {
        "videos": 60,
        "truth": "exact flow",
        "frames": 420,
        "alignment": {
            "levels": {"p3": level | {"by_speed": []}},
            "pairs": {"clean": level},
            "dis": dis,
        },
        "gates": gates,
    }


def write(root, run, seed, ap, mechanism=None, *, plain=False, reference=None):
    raw = record(run, seed, ap)
    if mechanism is not None:
        raw["evaluate"]["metrics"]["mechanism"] = mechanism
    raw["train"]["spec"]["model"] = {"temporal": None if plain else {"name": "tpr"}}
    if reference:
        raw["evaluate"]["spec"] = {"infer": {"reference": reference}}
    write_record(root, raw)


@pytest.fixture
def root(tmp_path):
    write_manifest(tmp_path, TABLE, "controls")
    opened = {place: {"positions": 5, "mean": 0.5, "open": 0.25} for place in PLACES}
    gates = {"inner_query": opened, "outer_gate": opened}
    looks_nowhere = probed(errors(1, 1, None)) | {"alignment": None, "gates": None}
    for seed in (0, 1):
        write(tmp_path, "base", seed, 20, plain=True)
        write(tmp_path, "base+merge", seed, 22 + seed, looks_nowhere)
        found = probed(errors(0.6 + 0.2 * seed, 1, 0.2 * seed), gates=gates)
        write(tmp_path, "base+dacr", seed, 21, found)
        dis = {"clean": errors(0.2, 1, 0.9)}
        write(tmp_path, "base+flow", seed, 21, probed(errors(1.2, 1, 0.1), dis))
        write(tmp_path, "base+self", seed, 20, probed(errors(1, 1, 0)), reference="self")
        write(tmp_path, "base+old", seed, 21)
    return tmp_path


def test_gains_stand_beside_how_far_modules_align(root):
    section = mechanism_section(load(Layout("mini", root)))
    assert section.truth == "exact flow"
    rows = {row.run: row for row in section.rows}
    assert list(rows) == ["base+merge", "base+dacr", "base+flow", "base+self", "base+old"]
    dacr = rows["base+dacr"]
    assert (dacr.gain, dacr.error, dacr.none, dacr.followed, dacr.correlation) == (
        "+1.00",
        "0.70",
        "1.00",
        "+30",
        "0.10",
    )
    assert rows["base+flow"].followed == "−20"
    words = {run: row.error for run, row in rows.items() if run not in ("base+dacr", "base+flow")}
    assert words == {
        "base+merge": "does not look",
        "base+self": "no other frame",
        "base+old": "not run",
    }
    assert [(gate.run, gate.kind.split(",")[0], gate.cells[0]) for gate in section.gates] == [
        ("base+dacr", "inner gate of the query", "25.0"),
        ("base+dacr", "outer gate", "50.0"),
    ]


def test_each_run_is_compared_with_its_own_image_model(root):
    rows = "".join(
        f"  - {{run: {run}, cells: {{Module: any}}, published: {{}}}}\n"
        for run in ("up", "up+dacr")
    )
    write_manifest(root, TABLE.replace("claims:", f"{rows}claims:"), "controls")
    for seed in (0, 1):
        write(root, "up", seed, 10, plain=True)
        write(root, "up+dacr", seed, 14, probed(errors(0.5, 1, 0.3)))
    gains = {row.run: row.gain for row in mechanism_section(load(Layout("mini", root))).rows}
    assert (gains["base+dacr"], gains["up+dacr"]) == ("+1.00", "+4.00")
    assert "base" not in gains and "up" not in gains


def test_rows_of_the_figure_are_told_apart():
    assert labels(["base+dacr", "base+merge+cpr"]) == ["dacr", "merge+cpr"]
    assert labels(["base+dacr", "up+dacr"]) == ["base+dacr", "up+dacr"]


def test_flow_networks_stand_beside_what_opencvs_sees(root):
    section = mechanism_section(load(Layout("mini", root)))
    assert section.flows == [FlowRow("base+flow", error="1.20", none="1.00", dis="0.20")]


def test_a_flow_network_that_sees_less_than_nothing_is_labelled_in_its_row(root):
    (table,) = load(Layout("mini", root)).tables
    cells = table_cells(table)
    assert cells.motion == ["motion error (not looking)", "motion correlation"]
    assert {row.run: row.cells[0] for row in cells.rows}[
        "base+flow"
    ] == "flow (sees no motion here)"
    assert [row.motion for row in cells.rows[:3]] == [
        ["no module", "–"],
        ["does not look", "–"],
        ["0.70 (1.00)", "0.10"],
    ]


def test_runs_without_records_are_not_run(tmp_path):
    write_manifest(tmp_path, TABLE, "controls")
    section = mechanism_section(load(Layout("mini", tmp_path)))
    assert {(row.gain, row.error) for row in section.rows} == {("not run", "not run")}
    assert aligning([]) == "not run"


def test_the_figure_says_in_words_what_it_shows(root, tmp_path):
    found = mechanisms(load(Layout("mini", root)))
    (tmp_path / "figures").mkdir()
    figure = gain_beside_alignment(found, {"some record": "key"}, tmp_path / "figures")
    assert "base+dacr gains +1.0, follows +30 % of the motion" in figure.alt
    assert "base+old gains +1.0, alignment not run" in figure.alt
    assert (tmp_path / "figures" / figure.name).is_file()


def test_tables_that_do_not_ask_for_the_mechanism_have_no_columns_of_it(root):
    write_manifest(root, TABLE.replace("mechanism: true\n", ""), "controls")
    evidence = load(Layout("mini", root))
    assert mechanism_section(evidence) is None
    assert table_cells(evidence.tables[0]).motion == []
    assert load_records(root / "results" / "mini" / "records", "mini")[1] == []
