"""The contact sheet on the page: drawn while results are at hand, kept when they are gone."""

from PIL import Image

from experiments.declared.tables import load_table
from reports.build import build
from reports.figures.videos.paired_runs import find_pair
from reports.figures.videos.track_sheet import spread
from reports.records.run_record import load_records
from tests.helpers.fake_records import record, write_manifest, write_record
from tests.helpers.finished_runs import RUNS, suite


def test_picture_is_drawn_and_kept_when_the_runs_are_gone(tmp_path):
    suite(tmp_path)
    page = build("mini", tmp_path).read_text()
    picture = tmp_path / "reports/mini/figures/tracks-1a.jpg"
    assert Image.open(picture).width > 400
    assert "Predicted tracks" in page
    drawn = picture.read_bytes()
    (tmp_path / "runs").rename(tmp_path / "gone")
    assert build("mini", tmp_path).read_text() == page
    assert picture.read_bytes() == drawn


def test_broken_results_are_a_line_on_the_page_not_a_crash(tmp_path):
    suite(tmp_path)
    folder = next((tmp_path / "runs" / "mini").glob("evaluate-blendmask-r50-seed0-*"))
    (folder / "results.json").write_text("{")
    assert "Table 1(a), no figure of tracks:" in build("mini", tmp_path).read_text()


def test_pair_is_the_claim_whose_results_are_at_hand(tmp_path):
    suite(tmp_path)
    for run in ("blendmask-r101", "blendmask-r101+tpr"):
        write_record(tmp_path, record(run, 0, 30.0))
    table = load_table(write_manifest(tmp_path))
    records, _ = load_records(tmp_path / "results" / "mini" / "records", "mini")
    assert find_pair(tmp_path / "runs" / "mini", table, records).runs == RUNS
    assert find_pair(tmp_path / "nowhere", table, records) is None


def test_videos_are_spread_evenly():
    assert spread(list(range(200)), 3) == [33, 100, 166]
    assert spread([5], 3) == [5]
    assert spread([], 3) == []
