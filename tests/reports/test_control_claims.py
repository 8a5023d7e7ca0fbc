"""A claim stands beside the claim over the control that isolates it."""

from dataclasses import replace

import pytest

from experiments.declared.manifest_errors import ManifestError
from experiments.declared.tables import load_tables
from experiments.stages.layout import Layout
from reports.claims.claim_rows import claim_groups
from reports.evidence.load import load
from reports.page.findings import findings
from tests.helpers.fake_records import record, write_manifest, write_record

PAPER = """
table: 1b
title: Components
rows:
  - {run: base, cells: {}, published: {AP: 30.0}}
  - {run: base+eq4, cells: {}, published: {AP: 31.0}}
claims:
  - {name: Eq. 4 helps, better: base+eq4, than: base, published_gain: 1.0, control: base+merge}
"""
OURS = """
table: controls
title: What carries the gain
rows:
  - {run: base+merge, cells: {}, published: {}}
  - {run: base+eq4, cells: {}, published: {}}
claims:
  - {name: Eq. 4 gains over merging, better: base+eq4, than: base+merge, expects: more}
"""


@pytest.fixture
def root(tmp_path):
    write_manifest(tmp_path, PAPER, "1b")
    write_manifest(tmp_path, OURS, "controls")
    return tmp_path


def test_the_gain_over_the_control_stands_in_the_claims_row(root):
    for seed, aps in enumerate(((30.0, 32.0, 31.9), (31.0, 33.1, 33.0), (30.0, 32.2, 32.1))):
        for run, ap in zip(("base", "base+eq4", "base+merge"), aps, strict=True):
            write_record(root, record(run, seed, ap))
    first, second = claim_groups("mini", load(Layout("mini", root)).claims)
    (paper,), (ours,) = first.rows, second.rows
    assert paper.measured == "+2.10"
    assert paper.control.startswith("Over its control base+merge: +0.10 (")
    assert paper.control.endswith(f"), {ours.outcome}")
    assert ours.control == ""


def test_a_control_that_has_not_run_says_so(root):
    first, _ = claim_groups("mini", load(Layout("mini", root)).claims)
    assert first.rows[0].control == "Over its control base+merge: not run"


def test_a_control_without_a_claim_over_it_is_a_mistake(root):
    write_manifest(root, OURS.split("claims:")[0], "controls")
    with pytest.raises(
        ManifestError, match=r"'Eq\. 4 helps' has the control 'base\+merge', but no"
    ):
        load_tables(root / "experiments" / "manifests")


def test_a_table_of_other_data_compares_with_no_controls(tmp_path):
    write_manifest(tmp_path, OURS.replace("rows:", "mechanism: true\nrows:"), "controls")
    for seed, aps in enumerate(((30.0, 31.0), (31.0, 30.0))):
        for run, ap in zip(("base+merge", "base+eq4"), aps, strict=True):
            write_record(tmp_path, record(run, seed, ap))
    claims = load(Layout("mini", tmp_path)).claims
    other = [replace(one, table=replace(one.table, by_name_only=True)) for one in claims]
    labels = [[one.label for one in findings("mini", found)] for found in (claims, other)]
    assert labels == [
        ["What carries the gain: not resolved"],
        ["Cannot be told with these seeds and videos"],
    ]
