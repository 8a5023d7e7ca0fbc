"""Modules under the names they once had, for scripts written against an earlier version.

Importing a former name gives the module that now does its work, the very same object, and a
DeprecationWarning that says where it is.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

# of this package: all go with version 0.2
FORMER = {
    "tpr.conversion": "tpr.weights.conversion",
    "tpr.cuda_graph": "tpr.inference.cuda_graph",
    "tpr.data.prepare": "tpr.data.preparing.prepare",
    "tpr.data.layouts": "tpr.data.preparing.layouts",
    "tpr.data.holdout": "tpr.data.preparing.holdout",
    "tpr.data.divide": "tpr.data.preparing.divide",
    "tpr.data.official_truth": "tpr.data.preparing.official_truth",
    "tpr.distributed": "tpr.parallel.distributed",
    "tpr.gate_log": "tpr.inference.gate_log",
    "tpr.gate_maps": "tpr.drawing.gate_maps",
    "tpr.hang_watch": "tpr.parallel.hang_watch",
    "tpr.history": "tpr.training.curve",
    "tpr.host_limits": "tpr.devices.host_limits",
    "tpr.infer": "tpr.inference.online",
    "tpr.machine": "tpr.devices.machine_record",
    "tpr.models.trained": "tpr.inference.trained",
    "tpr.optim": "tpr.training.optim",
    "tpr.parts": "tpr.parallel.batch_parts",
    "tpr.quantised": "tpr.weights.quantised",
    "tpr.resumable": "tpr.training.resumable",
    "tpr.shards": "tpr.parallel.result_shards",
    "tpr.step": "tpr.training.step",
    "tpr.streams": "tpr.parallel.image_rng",
    "tpr.sync_norm": "tpr.parallel.sync_norm",
    "tpr.tf32": "tpr.devices.tf32",
    "tpr.totals": "tpr.parallel.loss_counts",
    "tpr.train": "tpr.training.loop",
    "tpr.weights.command": "tpr.weights.checkpoint_command",
}


def install(former: Mapping[str, str]) -> None:
    """From now on the names that are keys of `former`, and what lies below them, can be imported.

    former: full names of modules and packages, to what they are called now.
    """
    sys.meta_path.insert(0, Finder(former))


class Finder(MetaPathFinder):
    """First among the finders, as others would load what lies below a moved package again."""

    def __init__(self, former: Mapping[str, str]) -> None:
        self.former = former

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        name, below = fullname, ""
        while name:
            if name in self.former:
                return ModuleSpec(fullname, Renamed(self.former[name] + below))
            name, dot, last = name.rpartition(".")
            below = dot + last + below
        return None


class Renamed(Loader):
    """Loads a module under its present name, and gives it back as it is."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        text = f"{spec.name} has moved to {self.name}"
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        module = importlib.import_module(self.name)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Undoes what the import system did to a module that it takes for a new one."""
        module.__spec__ = self.spec
