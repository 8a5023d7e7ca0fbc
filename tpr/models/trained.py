"""Trained models that ship with the repository, or lie anywhere: a JSON file beside the weights.

The JSON holds "model" and "infer" as `tpr.infer` takes them, "categories", the weights' "file" and
"sha256", and the same under "base" where they are differences to another file (`tpr.quantised`);
`./run_all.sh ship-weights RUN` writes it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..data.annotations import parse_categories
from ..data.json_input import read_json
from ..data.records import Category
from ..infer import load_model
from .vis_model import VISModel

WEIGHTS = Path(__file__).resolve().parent.parent.parent / "weights"


@dataclass(frozen=True)
class Trained:
    """A model ready for inference, its test settings, and what its classes are."""

    name: str
    model: VISModel
    settings: dict[str, Any]
    categories: list[Category]


def load_trained(name: str, weights: Path = WEIGHTS) -> Trained:
    """A model by name, as "mini/blendmask-r50+tpr", or by the path of its JSON file.

    Raises FileNotFoundError naming the models that are there, or ValueError for a damaged one.
    """
    path = find(name, weights)
    record = read_json(path)
    wanted = ("model", "infer", "categories", "file", "sha256")
    if not isinstance(record, dict) or any(key not in record for key in wanted):
        raise ValueError(f"{path}: does not describe a trained model ({', '.join(wanted)})")
    file = checked_file(record, path)
    base = checked_file(record["base"], path) if record.get("base") else None
    categories = parse_categories(record)
    model = load_model(record, len(categories), file, base=base)
    return Trained(path.stem, model, record["infer"], categories)


def checked_file(entry: dict[str, str], path: Path) -> Path:
    """The weights that `path` names, whole. FileNotFoundError or ValueError naming them."""
    file = path.parent / entry["file"]
    if not file.is_file():
        raise FileNotFoundError(f"{file}: no such file, though {path.name} names it")
    if hashlib.sha256(file.read_bytes()).hexdigest() != entry["sha256"]:
        raise ValueError(f"{file}: damaged (sha256 differs from {path.name})")
    return file


def find(name: str, weights: Path) -> Path:
    """The JSON file of a model."""
    if name.endswith(".json"):
        return Path(name)
    profile, _, run = name.partition("/")
    path = weights / profile / "models" / f"{run}.json"
    if path in known(weights):
        return path
    names = ", ".join(f"{one.parent.parent.name}/{one.stem}" for one in known(weights))
    raise FileNotFoundError(
        f"no trained model {name!r}; there are: {names or 'none'} "
        "(./run_all.sh ship-weights RUN adds a finished run)"
    )


def known(weights: Path) -> list[Path]:
    return sorted(weights.glob("*/models/*.json"))
