"""One section of the page and of report.md, as built and as verify reads it."""

import shutil

from experiments.stages.layout import ROOT, Layout
from reports.build import build
from reports.verify.check import check_tables, check_texts
from reports.verify.facts import load_facts
from reports.verify.printed.html_page import read_html
from reports.verify.printed.markdown_page import read_markdown
from reports.verify.prose import filled
from tests.helpers.fake_records import write_manifest


def declared_layout(root, file, text):
    """A layout of `mini` with the project's runs and profiles, a table, and one manifest more."""
    write_manifest(root)
    manifests, declared = root / "experiments" / "manifests", ROOT / "experiments" / "manifests"
    shutil.copy(declared / "runs.yaml", manifests)
    shutil.copytree(declared / "profiles", manifests / "profiles")
    (manifests / file).write_text(text)
    return Layout("mini", root)


def built(layout):
    """The page's HTML and report.md."""
    page = build(layout.profile, layout.root)
    return [page.read_text(), (layout.report / "report.md").read_text()]


def findings(layout, texts, expect, heading):
    """What verify finds in the section of the two pages, by what `expect` makes of the records."""
    expected = expect(load_facts(layout.root, layout.profile))
    sentences = filled(expected.contexts)
    for name, page in (("html", read_html(texts[0])), ("md", read_markdown(texts[1]))):
        page.tables = [one for one in page.tables if one.section.startswith(heading)]
        page.texts = [one for one in page.texts if one.section.startswith(heading)]
        assert page.texts
        yield from check_tables(name, page, expected, sentences)
        yield from check_texts(name, page, sentences)
