"""Published or measured motion statistics of recorded footage: footage.yaml, beside the other
manifests."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from experiments.declared.typed_yaml import load_typed
from tpr.footage.measures import MEASURES
from tpr.footage.statistics import PERCENTILES


@dataclass(frozen=True)
class Footage:
    """Statistics of one data set.

    Quartiles and means are by the names of `tpr.footage.measures.MEASURES`; source: the
    publication; how: the way it was measured.
    """

    name: str
    source: str
    how: str = ""
    quartiles: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    means: dict[str, float] = field(default_factory=dict[str, float])


def load_footage(manifests: Path) -> list[Footage]:
    """All data sets in the order of the file. Raises ManifestError."""
    found, source = load_typed(manifests / "footage.yaml", list[Footage])
    for place, one in enumerate(found):
        for kind, values in (("quartiles", one.quartiles), ("means", one.means)):
            for name in values:
                source.check_name(name, MEASURES, "measure", place, kind, name, "")
        for name, values in one.quartiles.items():
            if len(values) != len(PERCENTILES):
                wanted = ", ".join(map(str, PERCENTILES))
                raise source.error(
                    f"{name} must hold percentiles {wanted}", place, "quartiles", name
                )
    return found
