"""When the page is built again: a damaged stamp, page or table, a source that is no file; and how
often, beside stages."""

import sys

import pytest

from experiments.ship.publish import Page
from experiments.stages.layout import Layout
from tests.faults.damage import HARMS

BUILD = """
from pathlib import Path
for name in ("reports/mini/index.html", "results/mini/tables/1a.csv"):
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(name)
"""


@pytest.fixture
def page(tmp_path):
    page = Page(Layout("mini", tmp_path), ["-c", BUILD])
    assert sys.executable and page.finish() is None and page.is_current()
    return page


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", ["runs/mini/page.key", "results/mini/tables/1a.csv"])
def test_what_is_harmed_is_built_again(page, harm, name):
    path = page.layout.root / name
    HARMS[harm](path)
    if path.is_dir() and path.suffix == ".csv":
        pytest.skip("the build's own file; a folder there is an error that names it")
    assert not page.is_current()
    assert page.finish() is None and page.is_current()


def test_replaced_statistics_of_the_videos_build_it_again(page):
    page.layout.footage.write_text("{}")
    assert not page.is_current()
    assert page.finish() is None and page.is_current()


def test_a_page_that_is_gone_is_built_again(page):
    page.layout.page.unlink()
    assert not page.is_current() and page.finish() is None
    assert page.layout.page.is_file()


def test_a_folder_among_the_records_is_no_source(page):
    (page.layout.records / "x.json").mkdir(parents=True)
    assert page.is_current()


def test_beside_stages_builds_take_a_tenth_of_the_time(tmp_path):
    hours = [0.0]
    page = Page(Layout("mini", tmp_path), ["-c", BUILD], clock=lambda: hours[0])
    started = []
    for hour in range(40):
        hours[0] = hour
        page.layout.footage.parent.mkdir(parents=True, exist_ok=True)
        page.layout.footage.write_text(str(hour))  # something has changed every time
        page.refresh()
        if page.process is not None:
            started.append(hour)
            page.process.wait()
            hours[0] = hour + 1  # it took an hour
            assert not page.is_building()
    assert started == [0, 10, 20, 30]
    assert page.finish() is None and page.is_current()
