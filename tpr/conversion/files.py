"""Reading public checkpoints without running what is in them."""

from __future__ import annotations

import codecs
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

from .. import checkpoint

CONTAINERS = ("model", "state_dict")  # detectron2 and AdelaiDet; mmdet
WRAPPER = "module."  # DataParallel's prefix


class ArrayUnpickler(pickle.Unpickler):
    """Loads plain values and NumPy arrays only: detectron2's model zoo has such .pkl files."""

    ALLOWED = {
        "collections.OrderedDict": OrderedDict,
        "_codecs.encode": codecs.encode,  # bytes, in old protocols
        "numpy.ndarray": np.ndarray,
        "numpy.dtype": np.dtype,
        "numpy._core.multiarray._reconstruct": np._core.multiarray._reconstruct,
        "numpy._core.multiarray.scalar": np._core.multiarray.scalar,
        "numpy._core.numeric._frombuffer": np._core.numeric._frombuffer,
    }

    def find_class(self, module: str, name: str) -> Any:
        """The class or function of a pickle; pickle.UnpicklingError for all others."""
        path = f"{module}.{name}".replace("numpy.core.", "numpy._core.")  # NumPy 1 and 2
        if path not in self.ALLOWED:
            raise pickle.UnpicklingError(f"{path} is not an array")
        return self.ALLOWED[path]


def read_state(path: Path) -> dict[str, Tensor]:
    """The state dict in a public checkpoint: under "model" or "state_dict", or the file itself.

    Raises FileNotFoundError, or ValueError for files that hold no state dict.
    """
    content = read_pickle(path) if path.suffix == ".pkl" else checkpoint.load(path)
    for name in CONTAINERS:
        if isinstance(content, dict) and isinstance(content.get(name), dict):
            content = content[name]
    if not isinstance(content, dict) or not content:
        raise ValueError(f"{path} holds no state dict")
    state = {}
    for key, value in content.items():
        if not isinstance(value, Tensor | np.ndarray | np.generic):
            raise ValueError(f"{path} holds no state dict: {key!r} is a {type(value).__name__}")
        state[str(key)] = torch.as_tensor(value)
    if all(key.startswith(WRAPPER) for key in state):
        state = {key.removeprefix(WRAPPER): value for key, value in state.items()}
    return state


def read_pickle(path: Path) -> Any:
    """The content of a pickle of arrays. Raises FileNotFoundError or ValueError."""
    if not path.is_file():
        raise FileNotFoundError(f"no checkpoint at {path}")
    with path.open("rb") as file:
        return _unpickled(file, path)


def _unpickled(file: BinaryIO, path: Path) -> Any:
    try:
        return ArrayUnpickler(file, encoding="latin1").load()
    except Exception as error:
        raise ValueError(f"{path} is not a readable checkpoint ({error})") from error
