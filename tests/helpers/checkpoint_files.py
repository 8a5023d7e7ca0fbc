"""What the tests of checkpoints share: a state whose keys are known, and torch's older format."""

import torch
from torch import nn

from tpr.weights.reading import read
from tpr.weights.states import find_state

LEGACY = {"_use_new_zipfile_serialization": False}  # of torch.save


def found(path, part=None):
    """The state dict in a file whose keys are those of a linear layer."""
    return find_state(read(path), path, ("weight", "bias").__contains__, part)


def linear_state():
    torch.manual_seed(0)
    return nn.Linear(4, 3).state_dict()
