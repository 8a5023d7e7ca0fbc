"""Mistakes in manifests end the report, too, in one line: file, line and the nearest valid name."""

import pytest

from experiments.declared.manifest_errors import ManifestError
from experiments.declared.manifests import load_manifests
from experiments.declared.tables import load_table, load_tables
from reports.build import main
from reports.paper.transcription import load_paper
from reports.records.profile_manifest import load_about
from tests.helpers.fake_records import MANIFEST, write_manifest
from tests.helpers.suite_helpers import edit, make_root, suite

CASES = [
    (
        "better: blendmask-r50+dacr,",
        "better: blendmask-r50+darc,",
        "19: unknown row 'blendmask-r50+darc'; did you mean 'blendmask-r50+dacr'?",
    ),
    (
        "than: blendmask-r101,",
        "than: sipmask-r50,",
        "25: unknown row 'sipmask-r50'; did you mean 'blendmask-r50'?",
    ),
    ("metric: AP,", "metric: mAP,", "19: unknown metric 'mAP'; did you mean 'AP'?"),
    (
        "published_gain: 1.4, section",
        "published_gian: 1.4, section",
        "20: unknown key 'published_gian' in claims[0]; did you mean 'published_gain'?",
    ),
    (
        "published_gain: 1.4",
        "published_gain: 0",
        "19: claim 'DACR helps': published_gain is 0, a claim needs a side",
    ),
    (
        "published_gain: 1.4",
        "published_gain: lots",
        "20: published_gain must be a number, not 'lots'",
    ),
    (
        "published: {AP: 35.2}",
        "published: {AP: 35.2}, baseline: blendmask-r50+darc",
        "9: unknown row 'blendmask-r50+darc'; did you mean 'blendmask-r50+dacr'?",
    ),
    (
        "published: {AP: 33.8}",
        "published: {AP: 33.8}, baseline: blendmask-r50+tpr",
        "23: baselines go round in a circle: "
        "blendmask-r50+tpr -> blendmask-r50 -> blendmask-r50+tpr",
    ),
    ("rows:", "row:", "5: unknown key 'row' in the file; did you mean 'rows'?"),
    ("rows:", "varies: [chanels]\nrows:", "5: unknown setting 'chanels'; did you mean 'channels'?"),
    ("title: Effect", "title: [Effect", "4: expected ',' or ']', but got ':'"),
]


@pytest.mark.parametrize(("old", "new", "expected"), CASES)
def test_a_mistake_in_a_table_is_one_line(tmp_path, old, new, expected):
    path = write_manifest(tmp_path)
    edit(path, old, new)
    with pytest.raises(ManifestError) as raised:
        load_table(path)
    assert str(raised.value) == f"{path}:{expected}"


def test_a_row_of_an_undeclared_run_is_named_by_the_report_and_by_the_suite(tmp_path):
    root = make_root(tmp_path)
    folder = root / "experiments" / "manifests"
    edit(folder / "tables" / "1a.yaml", "run: blendmask-r101,", "run: blendmask-r102,")
    line = "tables/1a.yaml:15: unknown run 'blendmask-r102'; did you mean 'blendmask-r10"
    for load in (load_tables, load_manifests):
        with pytest.raises(ManifestError) as raised:
            load(folder)
        assert line.partition(":15")[0] in str(raised.value)
        assert line.partition(":15: ")[2] in str(raised.value)
    status, output = suite(root, "1a")
    assert status == 2 and len(output.splitlines()) == 1 and output.startswith("error: ")


def test_the_defaults_of_a_short_table(tmp_path):
    text = """{table: x, title: t, rows: [{run: a}, {run: b}],
        claims: [{name: n, better: b, than: a, published_gain: 1}]}"""
    table = load_table(write_manifest(tmp_path, text, "x"))
    assert (table.paper, table.rows[0].cells, table.claims[0].metric) == ("x", {}, "AP")


def test_a_profile_that_is_no_yaml_is_named_with_its_line(tmp_path):
    folder = write_manifest(tmp_path).parent.parent
    path = folder / "profiles" / "mini.yaml"
    path.parent.mkdir()
    path.write_text("about: x\n  data: [\n")
    with pytest.raises(ManifestError, match=r"mini\.yaml:2: mapping values are not allowed here"):
        load_about(folder, "mini")
    path.write_text("- about")
    with pytest.raises(ManifestError, match=r"mini\.yaml:1: a profile must be a mapping"):
        load_about(folder, "mini")


def test_a_transcription_that_is_no_yaml_is_named_with_its_line(tmp_path):
    (tmp_path / "tables.yaml").write_text("1a:\n  rows: {a: {AP: 1}\n")
    with pytest.raises(ManifestError, match=r"tables\.yaml:3: expected ',' or '}'"):
        load_paper(tmp_path)


def test_the_page_is_not_built_from_a_broken_manifest(tmp_path, monkeypatch, capsys):
    path = write_manifest(tmp_path, MANIFEST.replace("metric: AP", "metric: APP", 1))
    monkeypatch.setattr("reports.build.build.__defaults__", (tmp_path,))
    assert main(["--profile", "mini"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"error: {path}:19: unknown metric 'APP'; did you mean 'AP'?"
