"""What the page is made from: every file of reports/ is in its key, every record is read once."""

from collections import Counter

from experiments.ship.publish import Page
from experiments.stages.layout import ROOT, Layout
from reports.build import build
from reports.records import run_record
from tests.helpers.fake_records import write_all
from tpr.data.json_input import read_json


def test_every_file_of_the_report_is_in_the_pages_key():
    assert set((ROOT / "reports").rglob("*.py")) <= set(Page(Layout("mini")).sources())


def test_a_page_reads_every_record_once(tmp_path, monkeypatch):
    write_all(tmp_path)
    read = Counter()

    def counted(path):
        read[path.name] += 1
        return read_json(path)

    monkeypatch.setattr(run_record, "read_json", counted)
    build("mini", tmp_path)
    assert len(read) == 14 and set(read.values()) == {1}
