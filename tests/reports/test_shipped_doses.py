"""Records of doses and of trackers ship as those of runs do, and are counted again from matches."""

import json
import shutil
import time

import pytest

from experiments.pipeline.association import worth
from experiments.pipeline.dose_measures import dose_measures
from experiments.pipeline.measures import MATCHES
from experiments.ship.shipped_matches import matches_of
from experiments.ship.shipped_records import shipped_problems, usable
from experiments.stages.json_files import read_json, write_json
from experiments.stages.layout import ROOT, Layout
from reports.verify.facts import load_facts
from reports.verify.records import check_records, lacking
from tests.helpers.suite_helpers import as_of_a_clean_tree, make_root, suite
from tests.reports.test_dose_section import BASE, GRID, dose_record
from tests.reports.test_kept_matches import SETTINGS, example
from tests.reports.test_tracker_section import PAIRS
from tpr.evaluation.inputs import read_truth
from tpr.files import sha256


def test_doses_ship_and_those_made_later_wait_in_own(tmp_path):
    root, name = make_root(tmp_path), f"{BASE}-seed0-degradation-1.json"
    layout = Layout("smoke", root)
    assert suite(root, "doses")[0] == 0
    as_of_a_clean_tree(root)
    assert suite(root, "ship-records")[1].startswith("4 records ship: results/smoke/shipped.json")
    shipped = (layout.doses / name).read_bytes()
    time.sleep(1.1)  # times in a record are whole seconds
    assert suite(root, "doses", "--force")[0] == 0
    as_of_a_clean_tree(root)
    assert (layout.doses / name).read_bytes() == shipped
    own = (layout.own / "doses" / name).read_bytes()
    status, output = suite(root, "ship-records")
    assert status == 0 and f"own/doses/{name} -> results/smoke/doses" in output
    assert (layout.doses / name).read_bytes() == own != shipped
    (layout.doses / name).write_text("{}")
    assert f"results/smoke/doses/{name} is edited or damaged" in shipped_problems(layout)[0]
    assert name not in {path.name for path in usable(layout, "doses")}
    assert suite(root, "ship-records")[0] == 2


def test_results_of_trackers_ship(tmp_path):
    root, name = make_root(tmp_path), f"{BASE}-seed0.json"
    layout = Layout("smoke", root)
    assert suite(root, "trackers")[0] == 0
    as_of_a_clean_tree(root)
    assert suite(root, "ship-records")[0] == 0
    assert f"trackers/{name}" in (read_json(layout.shipped) or {})


@pytest.fixture
def facts(tmp_path):
    """Of a dose and of two trackers, counted on made-up tracks."""
    manifests = tmp_path / "experiments" / "manifests"
    (manifests / "tables").mkdir(parents=True)
    shutil.copytree(ROOT / "experiments" / "manifests" / "profiles", manifests / "profiles")
    (manifests / "doses.yaml").write_text(GRID)
    (manifests / "trackers.yaml").write_text(PAIRS)
    (tmp_path / "reports" / "published").mkdir(parents=True)
    shutil.copy(ROOT / "reports" / "published" / "tables.yaml", tmp_path / "reports" / "published")
    files = tmp_path / "val.json", tmp_path / "results.json"
    for path, content in zip(files, example(3), strict=True):
        path.write_text(json.dumps(content, default=bytes.decode))
    layout = Layout("mini", tmp_path)
    for seed in (0, 1):
        raw = dose_record(BASE, seed, 1, 30.0)
        path = layout.doses / f"{BASE}-seed{seed}-speed-1.json"
        raw["evaluate"]["metrics"] = dose_measures(*files, SETTINGS, tmp_path / MATCHES)
        put(path, raw, "evaluate", {"": tmp_path / MATCHES})
    made = raw["evaluate"] | {"metrics": {"trackers": {}}}
    for tracker in ("masktrack", "oracle"):
        kept = tmp_path / f"{tracker}.npz.xz"
        found = worth(read_truth(files[0]), files[1], SETTINGS, kept)
        made["metrics"]["trackers"][tracker] = found
    del made["matches"]
    raw = {"run": BASE, "seed": 0, "profile": "mini", "associate": made}
    kept = {one: tmp_path / f"{one}.npz.xz" for one in ("masktrack", "oracle")}
    put(layout.trackers / f"{BASE}-seed0.json", raw, "associate", kept)
    return load_facts(tmp_path, "mini")


def put(path, raw, stage, kept):
    raw[stage]["spec"] = {"evaluation": SETTINGS}
    sums = {tracker: sha256(file) for tracker, file in kept.items()}
    raw[stage]["matches"] = sums.get("", sums)
    path.parent.mkdir(parents=True, exist_ok=True)
    for tracker, file in kept.items():
        shutil.copyfile(file, matches_of(path, tracker))
    write_json(path, raw)


def test_all_numbers_of_both_are_counted_again(facts):
    assert [*check_records(facts, thorough=True)] == []
    assert lacking(facts) == []


@pytest.mark.parametrize("metric", ["AP", "AR10", "lost_spatial", "AP_draws", "lost_missed_draws"])
def test_a_changed_number_of_a_dose_is_found(facts, metric):
    path = facts.root / "results" / "mini" / "doses" / f"{BASE}-seed1-speed-1.json"
    raw = json.loads(path.read_text())
    metrics = raw["evaluate"]["metrics"]
    changed = "A" * len(metrics[metric]) if metric.endswith("_draws") else metrics[metric] + 1
    assert metrics[metric] != changed
    metrics[metric] = changed
    path.write_text(json.dumps(raw))
    found = [*check_records(facts, thorough=False)]
    assert {one.file for one in found} == {f"doses/{path.name}"}
    assert {one.place for one in found} == {metric}


@pytest.mark.parametrize("metric", ["AP", "HOTA", "AssA", "identity_switches"])
def test_a_changed_number_of_a_tracker_is_found(facts, metric):
    path = facts.root / "results" / "mini" / "trackers" / f"{BASE}-seed0.json"
    raw = json.loads(path.read_text())
    raw["associate"]["metrics"]["trackers"]["oracle"][metric] += 1
    path.write_text(json.dumps(raw))
    found = [*check_records(facts, thorough=False)]
    assert [(one.file, one.place) for one in found] == [(f"trackers/{path.name}, oracle", metric)]


def test_matches_that_are_missing_or_others_are_found(facts):
    folder = facts.root / "results" / "mini"
    matches_of(folder / "trackers" / f"{BASE}-seed0.json", "oracle").unlink()
    matches_of(folder / "doses" / f"{BASE}-seed0-speed-1.json").write_bytes(b"")
    found = [*check_records(facts, thorough=False)]
    assert [one.place for one in found] == ["matches", "matches"]
