"""What the page is made from: every file of reports/ is in its key, every record is read once."""

from collections import Counter

from experiments.ship.publish import BUILDER, Page
from experiments.sources.reach import sources_below
from experiments.stages.layout import ROOT, Layout
from reports.build import build
from reports.records import run_record
from tests.helpers.fake_records import write_all
from tpr.data.json_input import read_json
from tpr.visualize import comparison_sheet


def test_what_the_page_is_made_with_is_in_its_key():
    """Also what is outside of reports/, and what is imported in functions."""
    found = {module for module, _ in sources_below(ROOT).reach([BUILDER])}
    templates = set((ROOT / "reports" / "templates").iterdir())
    assert templates <= set(Page(Layout("mini")).sources())
    names = {"tpr.cost.conventions", "experiments.declared.tables", "reports.figures.ap_chart"}
    assert names | {comparison_sheet.__module__} <= found
    assert not any(module.startswith("tests") for module in found)


def test_a_page_reads_every_record_once(tmp_path, monkeypatch):
    write_all(tmp_path)
    read = Counter()

    def counted(path):
        read[path.name] += 1
        return read_json(path)

    monkeypatch.setattr(run_record, "read_json", counted)
    build("mini", tmp_path)
    assert len(read) == 14 and set(read.values()) == {1}
