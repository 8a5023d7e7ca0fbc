"""Controls that did not run here: the page names the profile that is made for them."""

import pytest

from experiments.stages.layout import Layout
from reports.evidence.load import load
from reports.page.elsewhere import elsewhere
from tests.helpers.fake_records import record, write_manifest, write_record

CONTROLS = """
table: controls
title: Controls
mechanism: true
rows:
  - {run: base, cells: {}, published: {}}
  - {run: base+merge, cells: {}, published: {}}
claims:
  - {name: Merging helps, better: base+merge, than: base, expects: more}
"""


@pytest.fixture
def root(tmp_path):
    write_manifest(tmp_path, CONTROLS, "controls")
    profiles = tmp_path / "experiments" / "manifests" / "profiles"
    profiles.mkdir(exist_ok=True)
    (profiles / "mini.yaml").write_text("about: small\n")
    (profiles / "midi.yaml").write_text("about: moving\ntables: [controls]\n")
    return tmp_path


def test_a_page_without_controls_names_the_profile_that_is_made_for_them(root):
    said = elsewhere(load(Layout("mini", root)))
    assert "did not run at mini scale: profile midi (reports/midi/index.html)" in said


def test_the_profile_that_is_made_for_them_names_none(root):
    assert elsewhere(load(Layout("midi", root))) == ""


def test_where_controls_ran_nothing_is_said(root):
    for seed in (0, 1):
        for run, ap in (("base", 20.0), ("base+merge", 22.0)):
            write_record(root, record(run, seed, ap + seed))
    assert elsewhere(load(Layout("mini", root))) == ""
