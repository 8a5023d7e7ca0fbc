"""Results as data frames, beside what the page was built with."""

import pytest

from reports import load
from reports.build import build
from tests.helpers.fake_records import write_all


def test_tables_and_records_as_data_frames(tmp_path):
    write_all(tmp_path)
    build("mini", tmp_path)
    table, tidy = load.tables("mini", tmp_path)["1a"].set_index("run"), load.tidy("mini", tmp_path)
    aps = tidy[tidy["metric"] == "AP"].groupby("run")["value"].mean()
    assert aps["blendmask-r50+tpr"] == pytest.approx(table.loc["blendmask-r50+tpr", "AP"])
    assert {"claims", "1a"} <= load.tables("mini", tmp_path).keys()
