"""A new user's path in a fresh clone: every step works, the module's row stands in the report."""

import pytest

from benchmarks import first_steps
from tests.commands.conftest import setting  # noqa: F401 - a model of the demo


@pytest.mark.timeout(600)
def test_the_path_of_a_new_user(tmp_path, setting):  # noqa: F811
    seconds = first_steps.walk(tmp_path / "clone", "smoke", str(setting[1]))
    assert len(seconds) == 5
    assert (tmp_path / "clone" / "own.json").is_file()
    rows = (tmp_path / "clone" / "results" / "smoke" / "tables" / "1d.csv").read_text()
    assert first_steps.OWN in rows
