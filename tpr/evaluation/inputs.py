"""Ground truth and results of an evaluation: read by the readers of `tpr.data`, and noted.

What the public API computes a number from is taken as it does. Deliberate differences: a missing
``iscrowd`` means 0, missing ``areas`` are measured from the masks, results may hold run lists and
polygons as ground truth may, and what would make the API crash or compare NaN is a ValueError that
names the entry.
"""

from dataclasses import dataclass, replace
from typing import Any, cast

from tpr.data.annotations import Annotations, read_annotations
from tpr.data.findings import Note, Tally
from tpr.data.json_input import Source, load, naming
from tpr.data.records import Category, Track
from tpr.data.results import read_results

# findings that mean nothing where categories are not looked at
OF_CATEGORIES = ("annotation of an unknown category", "result of an unknown category")


@dataclass(frozen=True)
class Truth:
    """Annotations that have been read, with what was odd, and where they came from."""

    annotations: Annotations
    notes: list[Note]
    source: Source


def read_truth(source: Source) -> Truth:
    """YouTube-VIS annotations. A file without the key "annotations" has no tracks."""
    record, tally = load(source), Tally()

    def report(kind: str, where: str) -> None:
        if kind == "broken record":
            raise ValueError(where)
        tally.add(kind, where)

    with naming(source):
        if isinstance(record, dict) and cast(dict[str, Any], record).get("annotations", ()) is None:
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
    tally = Tally()
    return read_results(source, truth.annotations, tally.add), tally.notes()


def of_one_category(
    annotations: Annotations, found: list[Track]
) -> tuple[Annotations, list[Track]]:
    """The same tracks, all of category 1, "object"."""
    categories = {1: Category(1, "object")}
    tracks = [replace(track, category_id=1) for track in annotations.tracks]
    one = replace(annotations, categories=categories, tracks=tracks)
    return one, [replace(track, category_id=1) for track in found]
