"""The README's numbers come from records, and the check notices when they do not."""

import pytest

from experiments.stages.layout import ROOT
from reports.readme import BEGIN, END, main, measured, renewed
from tests.helpers.fake_records import record, write_all, write_manifest, write_record


def readme(root):
    path = root / "README.md"
    path.write_text(f"# Title\n\n{BEGIN}\nold\n{END}\n\nrest\n")
    return path


def test_times_and_claims_come_from_records(tmp_path):
    write_all(tmp_path)
    text = measured("mini", tmp_path)
    assert "6 of 6 runs, 14 trainings in all" in text
    assert "took 2 min to 2 min, all of them 28 min of process time" in text
    # gains of 1, 1.4 and 1.1: 1.1667 -+ 2.92 * 0.2082 / sqrt(3)
    row = "| DACR helps | Table 1(a), §4.2 | +1.4 | +1.17 | +0.82 to +1.52 | as published "
    assert f"{row}(contains the published gain) |" in text.splitlines()
    assert "These are directions at mini scale, no verdicts on the paper." in text


def test_claims_without_a_run_are_counted(tmp_path):
    write_manifest(tmp_path)
    write_record(tmp_path, record("blendmask-r50", 0, 30.0))
    write_record(tmp_path, record("blendmask-r50+tpr", 0, 31.0))
    text = measured("mini", tmp_path)
    assert "| TPR helps |" in text and "| DACR helps |" not in text
    assert text.endswith("3 more claims have not run.")


def test_without_records_it_says_so(tmp_path):
    write_manifest(tmp_path)
    assert measured("mini", tmp_path) == "No records of the profile mini are committed yet."


def test_only_the_marked_part_changes():
    assert renewed(f"a\n{BEGIN}\nold\n{END}\nb\n", lambda: "new") == f"a\n{BEGIN}\nnew\n{END}\nb\n"
    with pytest.raises(ValueError, match="needs one line"):
        renewed("a", pytest.fail)  # measured only where there is a place for it


def test_check_fails_until_the_readme_is_renewed(tmp_path, capsys):
    write_all(tmp_path)
    path = readme(tmp_path)
    assert main(["--check"], tmp_path) == 1
    assert "old" in path.read_text()
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    write_record(tmp_path, record("blendmask-r50", 0, 99.0))
    assert main(["--check"], tmp_path) == 1
    assert "out of step" in capsys.readouterr().err


def test_committed_readme_has_its_markers():
    assert renewed((ROOT / "README.md").read_text(), lambda: "x")


def test_the_committed_readme_is_in_step_with_the_committed_records():
    assert main(["--check"]) == 0
