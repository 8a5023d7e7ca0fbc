"""Ground truth and results of an evaluation: read by the readers of `tpr.data`, and noted.

What the public API computes a number from is taken as it does. Deliberate differences: a missing
``iscrowd`` means 0, missing ``areas`` are measured from the masks, results may hold run lists and
polygons as ground truth may, and what would make the API crash or compare NaN is a ValueError that
names the entry.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tpr.data.annotations import Annotations, read_annotations
from tpr.data.findings import Note, Tally
from tpr.data.json_input import read_json
from tpr.data.records import Track
from tpr.data.results import read_results

Source = str | os.PathLike | dict | list


@dataclass(frozen=True)
class Truth:
    """Annotations that have been read, with what was odd, and where they came from."""

    annotations: Annotations
    notes: list[Note]
    source: Source


def load(source: Source) -> Any:
    """The content of a path; anything else as it is."""
    return read_json(source) if isinstance(source, str | os.PathLike) else source


@contextmanager
def naming(source: Source) -> Iterator[None]:
    """Lets the errors of what is read inside begin with the file's path, where it is one."""
    try:
        yield
    except ValueError as error:
        if isinstance(source, str | os.PathLike):
            raise ValueError(f"{source}: {error}") from None
        raise


def read_truth(source: Source) -> Truth:
    """YouTube-VIS annotations. A file without the key "annotations" has no tracks."""
    record, tally = load(source), Tally()

    def report(kind: str, where: str) -> None:
        if kind == "broken record":
            raise ValueError(where)
        tally.add(kind, where)

    with naming(source):
        if isinstance(record, dict) and record.get("annotations", ()) is None:
            raise ValueError(
                'ground truth has "annotations": null, as public validation files have: there is '
                "nothing to evaluate against (the benchmark's server scores such results)"
            )
        annotations = read_annotations(record, report, None)
    if not annotations.annotated:
        tally.add("no annotations", '"annotations" is missing')
    elif not annotations.tracks:
        tally.add("data set without tracks", '"annotations" is an empty list')
    return Truth(annotations, tally.notes(), source)


def read_found(source: Source, truth: Truth) -> tuple[list[Track], list[Note]]:
    """Predictions in file order, and notes. Unknown videos are an error, unknown categories not."""
    record, tally = load(source), Tally()
    with naming(source):
        tracks = read_results(record, truth.annotations, tally.add)
    return tracks, tally.notes()
