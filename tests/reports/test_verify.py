"""`python -m reports.verify` reports every number that is changed by hand."""

import ast
import random
import re
import shutil
import sys
from html.parser import HTMLParser

import pytest

from experiments.stages.layout import ROOT
from reports.verify import pages
from reports.verify.facts import load_facts
from reports.verify.prose import filled, uncovered

PACKAGE = ROOT / "reports" / "verify"
REPORT = ROOT / "reports" / "mini"
TABLES = ROOT / "results" / "mini" / "tables"
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
BASE64 = re.compile(r"(?<=;base64,)[\w+/=]+")
# every bootstrap of every record is drawn again, some minutes on a slow machine
pytestmark = pytest.mark.timeout(1500)
DRAWN = ("cx", "x1", "x2", "d")


def test_it_shares_nothing_with_the_page():
    """It imports itself, numpy, scipy and yaml, and the standard library."""
    imported = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert not node.level
                imported.add(node.module)
    ours = {name for name in imported if name.split(".")[0] in ("reports", "tpr", "experiments")}
    assert ours and all(name.startswith("reports.verify.") for name in ours)
    others = {name.split(".")[0] for name in imported - ours}
    assert others - set(sys.stdlib_module_names) == {"numpy", "scipy", "yaml"}


@pytest.fixture(scope="module")
def wanted():
    return pages.wanted_of(load_facts(ROOT, "mini"))


def test_every_committed_number_follows_from_the_records(wanted):
    """After a new record or sentence: python -m reports.build, python -m reports.readme; then
    ./run_all.sh verify says which number has no source in reports/verify/prose.txt."""
    found = [*pages.check_all(wanted), *pages.check_readme(wanted, ROOT / "README.md")]
    assert list(map(str, found)) == []


def light(text):
    """The page without the files in it: half a second a look with them."""
    return BASE64.sub("", text)


def html_spots(text):
    """Places of the numbers that a reader sees or hears: of text, descriptions and drawings."""
    spots, starts = [], [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    class Reader(HTMLParser):
        skipped = ""

        def place(self):
            line, column = self.getpos()
            return starts[line - 1] + column

        def handle_starttag(self, tag, attrs):
            self.skipped = tag if tag in ("style", "script", "svg") else self.skipped
            source, begin = self.get_starttag_text() or "", self.place()
            names = ("alt", "aria-label", "data-label")
            drawn = DRAWN if self.skipped == "svg" and tag != "svg" else ()
            for name in (*names, *drawn):
                for found in re.finditer(rf'\s{name}="([^"]*)"', source):
                    spots.extend(numbers(found[1], begin + found.start(1)))

        def handle_endtag(self, tag):
            self.skipped = "" if tag == self.skipped else self.skipped

        def handle_data(self, data):
            if self.skipped not in ("style", "script"):
                spots.extend(numbers(data, self.place()))

    reader = Reader(convert_charrefs=False)
    reader.feed(text)
    return spots


def numbers(text, begin):
    return [(begin + found.start(), begin + found.end()) for found in NUMBER.finditer(text)]


def changed(text, spot, rng):
    """With another digit in the place of one."""
    place = rng.choice([k for k in range(*spot) if text[k].isdigit()])
    digit = rng.choice([one for one in "0123456789" if one != text[place]])
    return text[:place] + digit + text[place + 1 :]


def missed(check, text, spots, count, seed):
    """Changes of ``count`` numbers, one at a time, that bring no new finding."""
    rng = random.Random(seed)
    before = set(map(str, check(text)))
    chosen = spots if count is None else rng.sample(spots, min(count, len(spots)))
    texts = [changed(text, spot, rng) for spot in chosen]
    return [text[a - 30 : b + 10] for (a, b), new in zip(chosen, texts, strict=True)
            if not set(map(str, check(new))) - before]  # fmt: skip


def test_a_number_changed_in_the_page_is_reported(wanted):
    text = light((REPORT / "index.html").read_text())
    spots = html_spots(text)
    assert len(spots) > 5000
    assert missed(lambda new: pages.check_html(wanted, new), text, spots, 25, 1) == []


def test_a_number_changed_in_the_markdown_report_is_reported(wanted):
    text = (REPORT / "report.md").read_text()
    visible = re.sub(r"<(?:source|picture|img)[^>]*?(?=alt=|>)", lambda f: " " * len(f[0]), text)
    visible = re.sub(r'" width="\d+"', lambda f: " " * len(f[0]), visible)
    visible = re.sub(r"\]\([^)]*\)|&#\d+;", lambda f: " " * len(f[0]), visible)
    spots = numbers(visible, 0)
    assert len(spots) > 5000
    assert missed(lambda new: pages.check_markdown(wanted, new), text, spots, 30, 2) == []


def test_a_number_changed_in_the_readme_is_reported(wanted, tmp_path):
    text = (ROOT / "README.md").read_text()
    begin, end = text.index("<!-- measured: begin"), text.index("<!-- measured: end")
    begin = text.index("-->", begin)

    def check(new):
        (tmp_path / "README.md").write_text(new)
        return pages.check_readme(wanted, tmp_path / "README.md")

    assert missed(check, text, numbers(text[begin:end], begin), 30, 3) == []


@pytest.fixture
def copy(tmp_path):
    """Of the files that facts and checks read."""
    for name in ("reports/mini", "reports/published", "reports/history", "reports/templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "results", tmp_path / "results")
    shutil.copytree(ROOT / "experiments" / "manifests", tmp_path / "experiments" / "manifests")
    return tmp_path


def test_a_number_changed_in_a_file_beside_the_page_is_reported(copy):
    """Tables as CSV and LaTeX, notes of figures, the clips, and the pictures' bytes."""
    wanted = pages.wanted_of(load_facts(copy, "mini"))
    before = set(map(str, pages.check_printed(wanted)))
    rng, figures = random.Random(4), copy / "reports" / "mini" / "figures"
    tables = sorted((copy / "results" / "mini" / "tables").iterdir())
    notes = sorted(figures.glob("*.json"))
    for path in [*rng.sample(tables, 5), *rng.sample(notes, 4), figures / "clips.jsonl"]:
        text = path.read_text()
        path.write_text(changed(text, rng.choice(numbers(text, 0)), rng))
        found = pages.wanted_of(wanted.facts) if path.suffix == ".json" else wanted
        assert set(map(str, pages.check_printed(found))) - before, path.name
        path.write_text(text)
    picture = figures / "ap-1a.png"
    picture.write_bytes(picture.read_bytes()[:-20] + b"x" * 20)
    assert set(map(str, pages.check_printed(wanted))) - before


def test_a_record_changed_by_hand_does_not_count(copy):
    """It is not as it was shipped, so that the page's numbers have no source any more."""
    path = copy / "results" / "mini" / "records" / "yolact-r50-seed0.json"
    text, times = re.subn(r'"AP50": (\d)', lambda m: f'"AP50": {9 - int(m[1])}', path.read_text())
    assert times
    path.write_text(text)
    found = pages.check_printed(pages.wanted_of(load_facts(copy, "mini")))
    assert any("Where the numbers come from, rows" in str(one) for one in found)


def test_a_number_in_an_unknown_sentence_has_no_source():
    known = filled([("", {"runs": "3"}), ("Table 1", {"tau": "+0.5"})], "{runs} of 7 ran\nτ {tau}.")
    assert uncovered("any", "3 of 7 ran", known) == []
    assert uncovered("any", "3 of 8 ran", known) == ["3", "8"]
    assert uncovered("any", "13 of 7 ran", known) == ["13", "7"]
    assert uncovered("Table 1(a)", "3 of 7 ran. τ +0.5.", known) == []
    assert uncovered("Table 2", "τ +0.5.", known) == ["0.5"]
