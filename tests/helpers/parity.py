"""Reading the reference fixtures in tests/data/parity (made with the public implementations)."""

from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).parents[1] / "data" / "parity"


def arrays(name: str) -> dict[str, np.ndarray]:
    return dict(np.load(ROOT / name))


def state(name: str) -> dict[str, torch.Tensor]:
    """A state dict; floats are stored as float16 on a grid that float32 holds exactly."""
    loaded = {k: torch.from_numpy(v) for k, v in arrays(name).items()}
    return {k: v.float() if v.is_floating_point() else v for k, v in loaded.items()}


def tensor(array: np.ndarray) -> torch.Tensor:
    found = torch.from_numpy(array)
    return found.float() if found.is_floating_point() else found


def unpacked(array: np.ndarray, width: int) -> np.ndarray:
    return np.unpackbits(array, axis=-1)[..., :width].astype(bool)
