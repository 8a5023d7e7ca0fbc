"""A damaged training state is told and not used: the one before it is, or the start."""

import json

import pytest
import torch

from tests.faults.damage import HARMS
from tpr.parallel.result_shards import ResultShards
from tpr.training.resumable import BEFORE, LAST, load_state, remove_states, save_state


@pytest.fixture
def folder(tmp_path):
    for iteration in (1, 2, 3):
        save_state({"iteration": iteration, "history": [], "x": torch.arange(100.0)}, tmp_path)
    return tmp_path


def test_the_last_two_are_kept_until_they_are_not_needed(folder):
    assert sorted(path.name for path in folder.iterdir()) == sorted([LAST, BEFORE])
    lines = []
    assert load_state(folder, lines.append)["iteration"] == 3 and not lines
    remove_states(folder)
    assert not list(folder.iterdir()) and load_state(folder, lines.append) is None


@pytest.mark.parametrize("harm", sorted(HARMS.keys() - {"deleted"}))
def test_a_damaged_one_is_told_and_the_one_before_used(folder, harm):
    lines = []
    HARMS[harm](folder / LAST)
    assert load_state(folder, lines.append)["iteration"] == 2
    assert len(lines) == 1 and LAST in lines[0] and "going on from the one before" in lines[0]
    HARMS[harm](folder / BEFORE)
    assert load_state(folder, lines.append) is None
    assert len(lines) == 2 and BEFORE in lines[1] and "starting over" in lines[1]
    assert not list(folder.iterdir())  # so that nothing is in the way of the next one


def test_any_bit_may_flip(folder):
    """Nothing but the state that was written, the one before, or none."""
    content = (folder / LAST).read_bytes()
    for place in range(0, len(content), 37):
        (folder / LAST).write_bytes(
            content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]
        )
        state = load_state(folder, lambda line: None)
        assert state["iteration"] in (2, 3) and torch.equal(state["x"], torch.arange(100.0))


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_piece_of_results_is_made_again(tmp_path, harm):
    shards = ResultShards(tmp_path, "f" * 64, 3)
    for index in shards.missing:
        shards.write(index, {"value": index})
    HARMS[harm](shards.path(1))
    again = ResultShards(tmp_path, "f" * 64, 3)
    assert again.missing == [1] and again.damaged == (harm != "deleted")
    again.write(1, {"value": 1})
    assert [piece["value"] for piece in again.read()] == [0, 1, 2]


def test_a_training_goes_on_to_the_same_numbers_whatever_became_of_its_files(tmp_path):
    """Its measurements are in the state, so that log.jsonl may be damaged."""
    from tpr.training.curve import TrainingCurve

    curve = TrainingCurve(tmp_path)
    curve.restart(0, [])
    curve.add(1, {"loss": 2.0})
    (tmp_path / "log.jsonl").write_text("{damaged")
    curve = TrainingCurve(tmp_path)
    curve.restart(1, [{"iteration": 1, "loss": 2.0}])
    assert json.loads((tmp_path / "log.jsonl").read_text()) == {"iteration": 1, "loss": 2.0}
    assert curve.summary(1)["final_losses"] == {"loss": 2.0}
