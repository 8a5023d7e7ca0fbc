"""Packed weights: a quarter of the size, and off by at most half a step of their row."""

import pytest
import torch

from tests.helpers.tiny import MODEL
from tpr.models.build import build_model
from tpr.weights import checkpoint
from tpr.weights.quantised import LEVELS, SCALE, packed, unpacked


@pytest.fixture
def states():
    """An image model's state, and one that was trained on from it with new tensors."""
    generator = torch.Generator().manual_seed(0)
    base = {"a.weight": torch.randn(8, 9, 5, generator=generator).half(), "frozen": torch.ones(300)}
    base["frozen2d"] = torch.ones(20, 20)
    change = 0.01 * torch.randn(8, 9, 5, generator=generator)
    trained = {"a.weight": base["a.weight"] + change, "frozen": base["frozen"]}
    trained |= {"frozen2d": base["frozen2d"], "new": torch.randn(16, 20, generator=generator)}
    return base, trained | {"count": torch.tensor(3)}


def test_every_number_is_within_half_a_step_of_its_row(states):
    base, trained = states
    found = unpacked(packed(trained, base), base)
    assert found.keys() == trained.keys()
    for name, start in (("a.weight", base["a.weight"].float()), ("new", torch.zeros(16, 20))):
        value = trained[name].float()
        step = (value - start).flatten(1).abs().amax(dim=1, keepdim=True) / LEVELS
        error = (found[name] - value).flatten(1).abs()
        assert (error <= 0.501 * step + 1e-7).all()
    assert torch.equal(found["frozen2d"], trained["frozen2d"])
    assert found["count"] == 3


def test_large_tensors_become_bytes_and_equal_ones_nothing(states):
    base, trained = states
    state = packed(trained, base)
    assert {name for name, value in state.items() if value.dtype == torch.int8} == {
        "a.weight",
        "new",
    }
    assert state["new" + SCALE].shape == (16,)
    assert "frozen2d" not in state


def test_rows_of_zeros_stay_zeros():
    state = packed({"w": torch.zeros(4, 100)}, {})
    assert torch.equal(unpacked(state, {})["w"], torch.zeros(4, 100))


def test_a_model_loads_packed_weights_over_its_base(tmp_path):
    torch.manual_seed(0)
    model = build_model(MODEL | {"temporal": None}, 3)
    checkpoint.save_weights(model, tmp_path / "base.pt")
    base = checkpoint.load(tmp_path / "base.pt")
    for parameter in model.parameters():
        parameter.data += 0.01 * torch.randn_like(parameter)
    expected = {name: value.clone() for name, value in model.state_dict().items()}
    checkpoint.save(packed(model.state_dict(), base), tmp_path / "packed.pt")
    other = build_model(MODEL | {"temporal": None}, 3)
    checkpoint.load_weights(other, tmp_path / "packed.pt", base=tmp_path / "base.pt")
    for name, value in other.state_dict().items():
        torch.testing.assert_close(value, expected[name], atol=1e-3, rtol=1e-3)
    with pytest.raises(ValueError, match="lacks"):
        checkpoint.save({}, tmp_path / "nothing.pt")
        checkpoint.load_weights(other, tmp_path / "nothing.pt")
