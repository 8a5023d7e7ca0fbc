"""A short kill test; docs/robustness.md has the long one."""

from tests.faults.kill import KillTest


def test_kill_9_loses_nothing_and_changes_no_result(tmp_path):
    """Five kills of the real smoke stages, with a seed that the long one does not use."""
    test = KillTest(tmp_path.resolve(), kills=5, seed=164)
    tally = test()
    assert test.victims.total() == 5 and min(test.victims.values()) >= 2
    assert tally["suites compared"] >= 1
