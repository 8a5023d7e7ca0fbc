"""What inference notes of gates, frame by frame."""

import json

import pytest
import torch

from tpr.inference.gate_log import GateLog
from tpr.routing import GateUse


def use(level, opened):
    """A gate with four positions, each costing 10, of which so many are open in each image."""
    gate = torch.zeros(len(opened), 1, 2, 2)
    for i, n in enumerate(opened):
        gate[i].view(-1)[:n] = 0.5
    return GateUse("inner_query", level, gate, ((gate, 10),))


def test_shares_by_frame_and_level(tmp_path):
    log = GateLog()
    log.add([(7, 1), (9, 1)], [use("p3", [4, 0]), use("p4", [2, 0])])
    log.add([(7, 2)], [use("p3", [1]), use("p4", [1])])
    levels = log.summary()["open_fraction_by_level"]
    assert levels["p3"] == pytest.approx({"min": 0.0, "mean": 1.25 / 3, "max": 1.0})
    assert levels["p4"] == pytest.approx({"min": 0.0, "mean": 0.25, "max": 0.5})
    assert levels["all"] == pytest.approx({"min": 0.0, "mean": 1.0 / 3, "max": 0.75})
    assert log.summary()["open_fraction"] == levels["all"]["mean"]
    log.write(tmp_path / "gates.json")
    rows = json.loads((tmp_path / "gates.json").read_text())
    assert rows[1] == {"video": 9, "frame": 1, "all": 0.0, "p3": 0.0, "p4": 0.0}
    assert rows[2] == {"video": 7, "frame": 2, "all": 0.25, "p3": 0.25, "p4": 0.25}


def test_models_without_gates_have_no_shares(tmp_path):
    log = GateLog()
    log.add([(1, 1)], [])
    assert log.summary() == {"open_fraction": None, "open_fraction_by_level": None}
    log.write(tmp_path / "gates.json")
    assert (tmp_path / "gates.json").read_text() == "[]"
