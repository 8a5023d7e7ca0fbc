"""Temporal Pyramid Routing as a plug-in; needs torch and torchvision only."""

from tpr.routing.budget import budget_loss, grouped, open_fraction, open_fractions
from tpr.routing.cpr import CPR
from tpr.routing.dacr import DACR
from tpr.routing.execution import execution, execution_on
from tpr.routing.frame import Frame, Pyramid, stack
from tpr.routing.gates import GateUse, noted_gates
from tpr.routing.released import ReleasedRouting
from tpr.routing.tpr import LEVELS, TemporalPyramidRouting

__all__ = [
    "CPR",
    "DACR",
    "LEVELS",
    "Frame",
    "GateUse",
    "Pyramid",
    "ReleasedRouting",
    "TemporalPyramidRouting",
    "budget_loss",
    "execution",
    "execution_on",
    "grouped",
    "noted_gates",
    "open_fraction",
    "open_fractions",
    "stack",
]
