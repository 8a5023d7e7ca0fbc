"""`./run_all.sh status` and `--dry-run` stand under headings, with how much of each is there."""

import pytest

from tests.helpers.suite_helpers import as_of_a_clean_tree, make_root, suite

RUN = "blendmask-r50"


@pytest.fixture
def root(tmp_path):
    return make_root(tmp_path)


def headings(output):
    """Lines that are no stage and no closing sentence, without what a table is about."""
    return [line for line in output.splitlines() if line[:1] != " " and " of " in line]


def test_tables_say_how_many_of_their_results_are_there(root):
    assert suite(root, RUN)[0] == 0
    status, output = suite(root, "status", "1a", "1b")
    shared, first, second, kept = headings(output)
    assert status == 0 and shared == "Data and image models: 3 of 4 there"
    assert first.startswith("1a, Table 1(a), ") and first.endswith(": 1 of 6 results there")
    # five rows, and the control of its claims
    assert second.startswith("1b, Table 1(b), ") and second.endswith(": 1 of 6 results there")
    assert kept.startswith("1 of these results are in results/smoke/records")
    assert f"  done    train and evaluate {RUN} seed 0\n" in output


def test_a_run_of_two_tables_is_listed_once_and_named_below_the_other(root):
    _, output = suite(root, "1a", "1b", "--dry-run")
    assert output.count(f"train and evaluate {RUN} seed 0") == 1
    assert f"  above: {RUN}, {RUN}+dacr\n" in output


def test_a_run_by_itself_stands_below_no_table(root):
    _, output = suite(root, "status", RUN)
    assert headings(output)[1] == "Runs: 0 of 1 results there"


def test_status_says_what_its_words_ask_for(root):
    _, output = suite(root, "status", RUN)
    *_, legend, total = output.splitlines()
    assert legend.startswith("not run: ./run_all.sh with these targets makes it")
    assert total == "Stages: 5 not run"


def test_images_that_no_stage_needs_are_not_listed(root):
    assert suite(root, "pretrain")[0] == 0
    as_of_a_clean_tree(root)
    assert suite(root, "ship-weights")[0] == 0
    (root / "runs").rename(root / "elsewhere")
    _, output = suite(root, "status", RUN)
    assert "  shipped pretrain blendmask-r50" in output and "images" not in output


def test_a_call_names_the_tables_of_its_own_results(root):
    tables = root / "results" / "smoke" / "tables"
    tables.mkdir(parents=True)
    for name in ("1a", "1e"):
        (tables / f"{name}.csv").write_text("of an earlier call\n")
    status, output = suite(root, RUN)
    assert status == 0 and "Tables: results/smoke/tables/1a.csv\n" in output


def test_a_failed_call_names_no_table_of_an_earlier_one(root):
    tables = root / "results" / "smoke" / "tables"
    tables.mkdir(parents=True)
    (tables / "1a.csv").write_text("of an earlier call\n")
    status, output = suite(root, RUN, TPR_FAKE_FAIL=f"train-{RUN}-seed0")
    assert status == 1 and "Tables:" not in output and "2 stages did not finish" in output
