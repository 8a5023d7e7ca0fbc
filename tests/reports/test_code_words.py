"""What a table says about the code of its records."""

import json

import pytest

from experiments.declared.manifests import load_manifests
from experiments.engine.stage_code import StageCode
from experiments.engine.worker import STAGE_BODIES
from experiments.pipeline.graph import Graph
from experiments.stages.layout import ROOT, Layout
from reports.build import build
from reports.evidence.load import load
from reports.records.code_words import MIXED, UNRECORDED
from tests.helpers.fake_records import record, write_record
from tests.helpers.suite_helpers import make_root

RUNS = ("blendmask-r50", "blendmask-r50+tpr")


@pytest.fixture(scope="module")
def stages():
    """By run its evaluation of `mini`, and today's code of it."""
    manifests, code = load_manifests(ROOT / "experiments" / "manifests"), StageCode(STAGE_BODIES)
    graph = Graph(manifests.runs, manifests.profile("mini"))
    found = {run: graph.evaluate(run, 0) for run in RUNS}
    return {run: (stage, code.today(stage, None)) for run, stage in found.items()}


@pytest.fixture
def add(tmp_path, stages):
    """Writes a record of a run, of today's code but for changes of its training's."""
    make_root(tmp_path)

    def added(run, recorded=True, **training):
        stage, code = stages[run]
        code = json.loads(json.dumps(code))
        code["inputs"]["train"] |= training
        raw = record(run, 0, 30.0)
        raw["evaluate"] |= {"key": stage.key, "metrics": raw["evaluate"]["metrics"]}
        raw["evaluate"]["metrics"]["videos"] = 1200
        raw["evaluate"] |= {"code": code} if recorded else {}
        write_record(tmp_path, raw)

    return added


def words(root):
    layout = Layout("mini", root)
    return next(one for one in load(layout).tables if one.table.id == "1a").code


def test_records_of_todays_code_need_no_word(add, tmp_path):
    add(RUNS[0])
    add(RUNS[1])
    assert words(tmp_path) == []


def test_a_record_of_other_code_is_named_above_its_table(add, tmp_path):
    add(RUNS[0])
    add(RUNS[1], sha256="of yesterday")
    line = (
        "Of other code than today's: blendmask-r50+tpr seed 0 (the code of the training changed "
        "since commit c0ffeec0f)"
    )
    assert words(tmp_path) == [line, MIXED]
    page = build("mini", tmp_path)
    assert MIXED in page.read_text() and MIXED in page.with_name("report.md").read_text()


def test_records_that_do_not_say_are_told(add, tmp_path):
    add(RUNS[0], recorded=False)
    assert words(tmp_path) == [UNRECORDED]
    add(RUNS[1])
    named = "Made before records said by which code: blendmask-r50 seed 0"
    assert words(tmp_path) == [named, MIXED]


def test_where_nothing_was_run_nothing_is_said(tmp_path):
    make_root(tmp_path)
    assert words(tmp_path) == []
