"""Trained models that ship with the repository, or are anywhere else: a JSON file beside the
weights.

The JSON holds "model" and "infer" as `tpr.inference.online` takes them, "categories", the weights'
"file" and "sha256", and the same under "base" where they are differences to another file
(`tpr.weights.quantised`). "generated" may say that it was trained on generated videos, "knows" what
all it was trained on shows, and "modules" where temporal modules are registered that are not the
library's, as "baselines.registry.BASELINES".
`./run_all.sh ship-weights RUN` writes it.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tpr.data.annotations import parse_categories
from tpr.data.json_input import read_json, shown
from tpr.data.records import Category
from tpr.inference.online import build_for_test, load_model
from tpr.models.build import Builder
from tpr.models.vis_model import VISModel
from tpr.terminal import printable
from tpr.weights import checkpoint

WEIGHTS = Path(__file__).resolve().parent.parent.parent / "weights"
INFER = ("short_edge", "longest", "first_frame", "recursive", "batch", "detections")
GENERATED = "the animals and vehicles of generated videos"
LARGEST, LONGEST = 8192, 64  # of the numbers and lists in a model's description


@dataclass(frozen=True)
class Trained:
    """A model ready for inference, its test settings, and what its classes are.

    name: PROFILE/RUN of one that ships, else its JSON file's; knows: what all it was trained on
    shows, "" where nobody says.
    """

    name: str
    model: VISModel
    settings: dict[str, Any]
    categories: list[Category]
    knows: str = ""


def load_trained(name: str, weights: Path = WEIGHTS) -> Trained:
    """A model by name, as "mini/blendmask-r50+tpr", or by the path of its JSON file.

    Raises FileNotFoundError naming the models that are there, or ValueError for a damaged one.
    """
    path = find(name, weights)
    record = read_json(path)
    check_keys(record, ("model", "infer", "categories", "file", "sha256"), path)
    check_keys(record["infer"], INFER, path)
    check_numbers(record["model"], "model", path)
    check_numbers(record["infer"], "infer", path)
    file = checked_file(record, path)
    base = checked_file(record["base"], path) if record.get("base") else None
    categories = parse_categories(record)
    modules = registered(record, path)
    checkpoint.fitting_state(described(record, len(categories), path, modules), file, base=base)
    model = load_model(record, len(categories), file, temporal=modules, base=base)
    shown_name = path.stem if name.endswith(".json") else name
    return Trained(shown_name, model, record["infer"], categories, knowledge(record))


def knowledge(record: dict[str, Any]) -> str:
    """What all that a model was trained on shows."""
    return str(record.get("knows") or (GENERATED if record.get("generated") is True else ""))


def registered(record: dict[str, Any], path: Path) -> Mapping[str, Builder]:
    """Builders of the temporal modules that the record names a registry of; ValueError where that
    cannot be imported."""
    name = record.get("modules")
    if name is None:
        return {}
    module, _, attribute = str(name).rpartition(".")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, ValueError, AttributeError) as error:
        told = printable(f"{name!r} cannot be imported: {error}")
        raise ValueError(f"{path}: its temporal modules' registry {told}") from None


def check_keys(record: Any, wanted: Sequence[str], path: Path) -> None:
    if not isinstance(record, dict) or any(key not in record for key in wanted):
        raise ValueError(f"{path}: does not describe a trained model ({', '.join(wanted)})")


def check_numbers(value: Any, where: str, path: Path) -> None:
    """ValueError for a size that no model has: building or running it would take all memory."""
    if isinstance(value, dict):
        for key, entry in value.items():
            check_numbers(entry, f"{where}.{key}", path)
    elif isinstance(value, list):
        if len(value) > LONGEST:
            raise ValueError(f"{path}: {printable(where)} has {len(value)} entries, over {LONGEST}")
        for place, entry in enumerate(value):
            check_numbers(entry, f"{where}[{place}]", path)
    elif isinstance(value, int | float) and not abs(value) <= LARGEST:  # not a NaN either
        raise ValueError(f"{path}: {printable(where)} is {shown(value)}; the limit is {LARGEST}")


def described(
    record: dict[str, Any], classes: int, path: Path, modules: Mapping[str, Builder]
) -> VISModel:
    """The model without numbers (on the meta device), so that a wrong size takes no memory."""
    try:
        with torch.device("meta"):
            return build_for_test(record, classes, temporal=modules)
    except Exception as error:  # whatever a layer says to options that it does not understand
        told = f"{type(error).__name__}: {printable(error)}"
        raise ValueError(f"{path}: its model cannot be built ({told})") from error


def checked_file(entry: Any, path: Path) -> Path:
    """The weights that `path` names, whole. FileNotFoundError or ValueError naming them."""
    check_keys(entry, ("file", "sha256"), path)
    file = path.parent / str(entry["file"])
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
