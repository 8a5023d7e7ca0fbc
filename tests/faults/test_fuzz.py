"""A short campaign of the fuzz test; docs/robustness.md has the long one."""

from tests.faults.fuzz import campaign
from tests.faults.fuzz_kinds import KINDS


def test_no_mutated_file_ends_in_anything_but_an_answer_or_a_line(tmp_path):
    """220 cases of a seed that the long campaign does not use."""
    outcomes, defects = campaign(220, 1, tmp_path.resolve())
    assert defects == []
    assert sum(sum(counts.values()) for counts in outcomes.values()) == 220
    assert all(outcomes[kind]["refused"] for kind in KINDS), "nothing was broken"
