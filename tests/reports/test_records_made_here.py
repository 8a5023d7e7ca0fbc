"""Records made here beside shipped ones: kept apart, named and compared by the page."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from experiments.ship.ship_weights import ship
from experiments.ship.shipped_records import ship_records, shipped_names, shipped_problems
from experiments.stages.layout import ROOT, Layout
from reports.build import build
from reports.page.records_made_here import made_here
from reports.readme import measured
from reports.records.pool import load_pool
from tests.helpers.fake_records import key, record, write_all, write_record
from tests.helpers.suite_helpers import as_of_a_clean_tree, make_root, suite


@pytest.fixture
def layout(tmp_path):
    """Shipped: three seeds of the ResNet50 runs, one of the ResNet101 runs."""
    write_all(tmp_path)
    as_of_a_clean_tree(tmp_path)
    layout = Layout("mini", tmp_path)
    ship_records(layout)
    return layout


def add_own(layout, run, seed, ap, **changes):
    raw = record(run, seed, ap)
    raw["evaluate"]["key"] = key("evaluate", f"own {run}-seed{seed}")
    raw["train"]["spec"] |= changes
    layout.own.mkdir(parents=True, exist_ok=True)
    (layout.own / f"{run}-seed{seed}.json").write_text(json.dumps(raw))


def rows(layout):
    return {(row.run, row.seed): row for row in made_here(load_pool(layout), []).rows}


def test_without_own_records_there_is_no_section(layout):
    assert made_here(load_pool(layout), []) is None
    assert "Your records" not in build("mini", layout.root).read_text()


def test_an_own_record_of_the_same_settings_changes_no_table_and_is_compared(layout):
    before = (build("mini", layout.root), (layout.tables / "1a.csv").read_text())[1]
    add_own(layout, "blendmask-r50", 0, 30.4)
    text = build("mini", layout.root).read_text()
    assert (layout.tables / "1a.csv").read_text() == before
    row = rows(layout)["blendmask-r50", "0"]
    assert (row.here, row.shipped, row.difference) == ("30.40", "30.00", "+0.40")
    assert "14 records ship with the repository, 1 were made here." in text
    assert "AP is 0.40 apart on average, 0.40 at most" in text


def test_a_further_seed_of_a_shipped_run_is_not_averaged_in(layout):
    add_own(layout, "blendmask-r50", 7, 90.0)
    assert all(not one.made_here for one in load_pool(layout).for_tables)
    assert rows(layout)["blendmask-r50", "7"].note == "this run and seed does not ship"


def test_a_run_that_does_not_ship_enters_the_tables_by_name(layout):
    (layout.records / "blendmask-r101-seed0.json").unlink()
    add_own(layout, "blendmask-r101", 0, 33.5)
    text = " ".join(build("mini", layout.root).read_text().split())
    assert "0-own" in (layout.tables / "1a.csv").read_text()
    assert '<td class="seeds">0 own</td>' in text


def test_own_records_of_other_settings_are_not_compared(layout):
    add_own(layout, "blendmask-r50", 0, 40.0, train={"lr": 0.2})
    row = rows(layout)["blendmask-r50", "0"]
    assert (row.difference, row.note) == ("–", "other settings or data: not comparable")


def test_a_claims_own_gain_stands_beside_the_shipped_interval(layout):
    add_own(layout, "blendmask-r50", 0, 30.0)
    add_own(layout, "blendmask-r50+dacr", 0, 31.2)
    text = build("mini", layout.root).read_text()
    assert "+1.2 (seed 0)" in text and "+1.2 (seeds 0, 1, 2)" in text


def test_a_changed_shipped_file_is_not_used_and_told(layout):
    before = load_pool(layout)
    write_record(layout.root, record("blendmask-r101", 0, 50.0))
    pool = load_pool(layout)
    assert len(pool.shipped) == len(before.shipped) - 1 and pool.made_here == []
    assert "records/blendmask-r101-seed0.json is edited or damaged: not used" in pool.problems[0]


def test_a_changed_file_with_the_draws_of_another_seed_takes_that_one_not_away(layout):
    draws = [30 + 0.01 * number for number in range(200)]
    write_record(layout.root, record("blendmask-r50", 0, 30.0, draws=draws))
    as_of_a_clean_tree(layout.root)
    layout.shipped.unlink()
    ship_records(layout)
    write_record(layout.root, record("blendmask-r50", 1, 30.0, draws=draws))
    pool = load_pool(layout)
    assert {one.seed for one in pool.shipped if one.run == "blendmask-r50"} == {0, 2}
    assert len(pool.problems) == 1


def cut(path):
    path.write_bytes(path.read_bytes()[:100])


def in_utf_16(path):
    path.write_text(path.read_text(), encoding="utf-16")


@pytest.mark.parametrize("harm", [cut, in_utf_16, Path.unlink])
def test_a_shipped_record_or_their_list_that_is_harmed_is_told(layout, harm):
    harm(layout.records / "blendmask-r101-seed0.json")
    assert len(shipped_problems(layout)) == 1
    assert "blendmask-r101-seed0.json" in load_pool(layout).problems[0]
    with pytest.raises(ValueError, match="git checkout"):
        ship_records(layout)
    if harm is not Path.unlink:
        harm(layout.shipped)
        assert "shipped.json is damaged" in shipped_problems(layout)[0]


def test_the_readme_is_of_shipped_records_alone(layout):
    before = measured("mini", layout.root)
    add_own(layout, "blendmask-r50", 0, 99.0)
    assert measured("mini", layout.root) == before


def test_the_suite_writes_no_shipped_record_and_ships_on_request(tmp_path):
    root, name = make_root(tmp_path), "blendmask-r50-seed0.json"
    layout = Layout("smoke", root)
    assert suite(root, "blendmask-r50")[0] == 0
    as_of_a_clean_tree(root)
    status, output = suite(root, "ship-records")
    assert status == 0 and output.startswith("1 records ship: results/smoke/shipped.json")
    shipped = (layout.records / name).read_bytes()
    time.sleep(1.1)  # times in a record are whole seconds, and an equal record is no new one
    assert suite(root, "blendmask-r50", "--force")[0] == 0
    assert (layout.records / name).read_bytes() == shipped
    as_of_a_clean_tree(root)
    own = (layout.own / name).read_bytes()
    assert own != shipped
    assert suite(root, "ship-records")[1].startswith(f"own/{name} -> results/smoke/records")
    assert (layout.records / name).read_bytes() == own and shipped_names(layout) == {name}


def test_a_record_of_a_changed_tree_does_not_ship(layout):
    add_own(layout, "blendmask-r50", 2, 31.0)  # the made-up record says that its tree was changed
    with pytest.raises(ValueError, match=r"seed2.json does not ship, it was made by a changed"):
        ship_records(layout)
    assert (layout.own / "blendmask-r50-seed2.json").is_file()


def test_nothing_ships_from_a_changed_tree_nor_beside_costs_of_one(layout):
    layout.costs.parent.mkdir(parents=True)
    layout.costs.write_text(json.dumps({"git": {"commit": "c", "dirty": True}}))
    with pytest.raises(ValueError, match=r"results/full/costs.json does not ship"):
        ship_records(layout)
    layout.costs.unlink()
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        user = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *user, *command], cwd=layout.root, check=True)
    ship_records(layout)
    (layout.root / "average.py").touch()
    with pytest.raises(ValueError, match="nothing ships from a changed tree: commit the changes"):
        ship_records(layout)
    with pytest.raises(ValueError, match="nothing ships from a changed tree"):
        ship([], layout)


def test_the_committed_records_are_those_named_as_shipped():
    """After new records: ./run_all.sh ship-records."""
    layout = Layout("mini", ROOT)
    committed = {path.name for path in layout.records.glob("*.json")}
    for folder in ("trackers", "doses", "scale"):
        beside = layout.records.parent.glob(f"{folder}/*.json")
        committed |= {f"{folder}/{path.name}" for path in beside}
    assert shipped_names(layout) == committed
