"""Temporal Pyramid Routing as a plug-in; needs torch and torchvision only."""

from .budget import budget_loss, grouped, open_fraction, open_fractions
from .cpr import CPR
from .dacr import DACR
from .execution import execution, execution_on
from .frame import Frame, Pyramid, stack
from .gates import GateUse
from .released import ReleasedRouting
from .tpr import LEVELS, TemporalPyramidRouting

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
    "open_fraction",
    "open_fractions",
    "stack",
]
