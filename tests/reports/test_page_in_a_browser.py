"""The pages in a real browser, where one is installed: Debian's chromium and chromium-driver."""

import pytest

from reports.audit import build as build_audit
from reports.build import build
from tests.helpers.chromium import LEFT, RIGHT, Browser, is_installed
from tests.helpers.fake_records import write_all
from tests.helpers.finished_runs import suite

pytestmark = pytest.mark.skipif(
    not is_installed(), reason="no browser: apt-get install chromium chromium-driver"
)
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A page with every run's record, and clips of two runs."""
    root = tmp_path_factory.mktemp("root")
    write_all(root)
    suite(root)
    return root


@pytest.fixture(scope="module")
def pages(root):
    return build("mini", root), build_audit(root)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_and_say_nothing_in_the_console(pages, browser, scheme):
    for page in pages:
        browser.open(page, width=380, height=800, scheme=scheme)
        assert browser.run(OVERFLOW) <= 0
        assert browser.console() == []


def test_dark_screens_get_a_dark_page(pages, browser):
    colours = {}
    for scheme in ("light", "dark"):
        browser.open(pages[0], scheme=scheme)
        colours[scheme] = browser.run("getComputedStyle(document.body).backgroundColor")
    assert colours == {"light": "rgb(252, 252, 250)", "dark": "rgb(21, 25, 30)"}


def test_arrow_keys_step_through_a_clip_and_stop_at_its_ends(pages, browser):
    browser.open(pages[0])
    browser.run("document.querySelector('.stage').focus()")
    shown = []
    for key in (LEFT, RIGHT, RIGHT, LEFT):
        browser.press(key)
        shown.append(browser.run("document.getElementById('frame-number').textContent"))
    assert shown == ["1 of 2", "2 of 2", "2 of 2", "1 of 2"]


def test_switches_show_and_hide_outlines(pages, browser):
    browser.open(pages[0])
    count = "document.querySelectorAll('#outlines path').length"
    assert browser.run(count) == 0  # the stronger run found nothing
    browser.run("document.querySelector('#layers input[value=\"ground truth\"]').click()")
    assert browser.run(count) == 1
    assert browser.run("document.querySelector('#outlines title').textContent") == "fish"
