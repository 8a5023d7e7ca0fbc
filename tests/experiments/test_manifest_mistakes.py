"""Manifests: what they declare, and that each mistake is one line with file, line and a hint."""

import pytest

from experiments.declared.manifest_errors import ManifestError
from experiments.declared.manifests import UnknownNameError, check_runs, load_manifests
from experiments.pipeline.graph import Graph
from experiments.pipeline.targets import asked_runs
from tests.helpers.suite_helpers import REPOSITORY, edit, make_root


@pytest.fixture
def folder(tmp_path):
    return make_root(tmp_path) / "experiments" / "manifests"


def load_all(folder):
    manifests = load_manifests(folder)
    for name in manifests.profiles:
        check_runs(manifests, manifests.profile(name))
    return manifests


def message(folder):
    with pytest.raises(ManifestError) as raised:
        load_all(folder)
    assert "\n" not in str(raised.value)
    return str(raised.value).replace(f"{folder}/", "")


def test_table_1a_has_the_published_values():
    manifests = load_all(REPOSITORY / "experiments" / "manifests")
    rows = {row.run: row.published["AP"] for row in manifests.tables["1a"].rows}
    assert rows == {
        "blendmask-r50": 33.8,
        "blendmask-r50+dacr": 35.2,
        "blendmask-r50+cpr": 34.5,
        "blendmask-r50+tpr": 35.9,
        "blendmask-r101": 36.6,
        "blendmask-r101+tpr": 39.1,
    }


def test_table_1e_has_the_published_values():
    manifests = load_all(REPOSITORY / "experiments" / "manifests")
    rows = {row.run: row.published["AP"] for row in manifests.tables["1e"].rows}
    assert rows == {
        "sipmask-r50": 33.8,
        "sipmask-r50+tpr": 35.9,
        "yolact-r50": 32.3,
        "yolact-r50+tpr": 34.8,
        "masktrack-r50": 30.2,
        "masktrack-r50+tpr": 31.6,
    }


@pytest.mark.parametrize(("name", "claims"), [("1a", 5), ("1c", 4), ("1d", 4), ("1e", 3)])
def test_claims_state_the_difference_of_their_rows(name, claims):
    table = load_all(REPOSITORY / "experiments" / "manifests").tables[name]
    published = {row.run: row.published["AP"] for row in table.rows}
    assert len(table.claims) == claims
    for claim in table.claims:
        gap = published[claim.better] - published[claim.than]
        assert gap == pytest.approx(claim.published_gain)


def test_numbers_without_a_dot_before_the_exponent_are_numbers(folder):
    edit(folder / "profiles" / "smoke.yaml", "lr: 0.001", "lr: 1e-3")
    assert load_all(folder).profile("smoke").pretrain["optimizer"]["lr"] == 1e-3


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "profiles/smoke.yaml",
            "iterations: 20",
            "iteratons: 20",
            "unknown key 'iteratons' in pretrain; did you mean 'iterations'?",
        ),
        (
            "profiles/smoke.yaml",
            "iterations: 20",
            "iterations: twenty",
            "iterations must be a whole number or a mapping, not 'twenty'",
        ),
        (
            "profiles/smoke.yaml",
            "iterations: 20",
            "iterations: true",
            "iterations must be a whole number or a mapping, not 'true'",
        ),
        (
            "profiles/smoke.yaml",
            "iterations: 20",
            "iterations: -1",
            "iterations must not be negative, not -1",
        ),
        (
            "profiles/smoke.yaml",
            "run: blendmask-r50,",
            "run: blendmask-r5,",
            "unknown run 'blendmask-r5'; did you mean 'blendmask-r50'?",
        ),
        (
            "profiles/smoke.yaml",
            "run: blendmask-r50,",
            "run: sipmask-r50,",
            "must start from an image model that is not itself continued, as sipmask-r50 is",
        ),
        (
            "profiles/smoke.yaml",
            "res2_channels: 8",
            "res2_channels: 4",
            "res2_channels must be at least 8",
        ),
        ("profiles/smoke.yaml", "clip: 10.0", "clip: .nan", "clip must be a number, not '.nan'"),
        (
            "profiles/smoke.yaml",
            "short_edge: [64, 64]",
            "short_edge: 64",
            "short_edge must be a list, not '64'",
        ),
        (
            "profiles/smoke.yaml",
            "warmup: 2}",
            "warmup: 2, warmup: 3}",
            "'warmup' stands twice in schedule",
        ),
        (
            "profiles/smoke.yaml",
            "severity: 1.0",
            "severity: !!python/object:os.system x",
            "severity must be a number, not 'x'",
        ),
        (
            "tables/1a.yaml",
            "run: blendmask-r50+dacr",
            "run: blendmask-r50+darc",
            "unknown run 'blendmask-r50+darc'; did you mean 'blendmask-r50+dacr'?",
        ),
        (
            "tables/1a.yaml",
            "than: blendmask-r50+cpr",
            "than: blendmask-r50+crp",
            "unknown row 'blendmask-r50+crp'; did you mean 'blendmask-r50+cpr'?",
        ),
        (
            "runs.yaml",
            "head: blendmask, backbone: r50, temporal: null",
            "head: blendmsk, backbone: r50, temporal: null",
            "unknown head 'blendmsk'; did you mean 'blendmask'?",
        ),
        (
            "runs.yaml",
            "dacr: true, cpr: false",
            "darc: true, cpr: false",
            "unknown part of tpr 'darc'; did you mean 'dacr'?",
        ),
    ],
)
def test_a_mistake_is_one_line_with_file_line_and_hint(folder, file, old, new, expected):
    lines = (folder / file).read_text().splitlines()
    line = next(i for i, text in enumerate(lines, 1) if old in text)
    edit(folder / file, old, new)
    found = message(folder)
    assert found.endswith(expected)
    assert found.startswith(f"{file}:{line}: ")


@pytest.mark.parametrize("broken", ["seeds: [0", "a: b: c", "\t- x", "", "- 1"])
def test_broken_yaml_is_one_line(folder, broken):
    (folder / "profiles" / "smoke.yaml").write_text(broken)
    assert message(folder).startswith("profiles/smoke.yaml")


def test_a_missing_key_is_named(folder):
    edit(folder / "profiles" / "smoke.yaml", "seeds: [0]\n", "")
    assert message(folder) == "profiles/smoke.yaml:1: the file lacks the key 'seeds'"


def test_an_unknown_target_or_profile_gets_the_nearest_name(folder):
    manifests = load_all(folder)
    with pytest.raises(UnknownNameError, match="'11a'; did you mean '1a'"):
        manifests.target_runs(["11a"])
    with pytest.raises(UnknownNameError, match="'mimi'; did you mean 'mini'"):
        manifests.profile("mimi")


def test_targets_overlap_without_repeats(folder):
    manifests = load_all(folder)
    smoke = manifests.profile("smoke")
    everything = manifests.everything(smoke)
    runs = manifests.target_runs(["blendmask-r101", "1a", *everything])
    assert sorted(runs) == sorted(manifests.runs) and runs[0] == "blendmask-r101"


def test_all_means_the_tables_that_a_profile_names(folder):
    profile = folder / "profiles" / "smoke.yaml"
    edit(profile, "seeds: [0]\n", "seeds: [0]\ntables: [1e]\n")
    manifests = load_all(folder)
    smoke = manifests.profile("smoke")
    graph = Graph(manifests.runs, smoke)
    assert asked_runs(graph, manifests, ["all"]) == manifests.tables["1e"].runs
    named = asked_runs(graph, manifests, ["all", "blendmask-r101"])
    assert named == [*manifests.tables["1e"].runs, "blendmask-r101"]
    edit(profile, "tables: [1e]\n", "tables: [1f]\n")
    assert "unknown table '1f'" in message(folder)
