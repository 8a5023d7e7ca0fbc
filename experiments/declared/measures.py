"""The metrics that a claim may be about beside a table's own: names as in records, with a
description.

Losses are losses of AP in percent points: what AP would gain without any error of that kind
(docs/evaluator.md).
"""

from __future__ import annotations

LOSSES = {
    f"lost_{kind}": f"AP lost to {words}"
    for kind, words in {
        "classification": "classification",
        "duplicate": "duplicates",
        "spatial": "masks",
        "temporal": "association",
        "both": "both category and place",
        "background": "background",
        "missed": "missed objects",
    }.items()
}
# AP of a part of the validation videos: grouping and part of a record's difficulty
PARTS = {
    "AP_overlap_high": ("overlap", "high"),
    "AP_scale_change_high": ("scale_change", "high"),
}
MEASURES = {
    **LOSSES,
    "AP_overlap_high": "AP of the third of the videos with most overlap",
    "AP_scale_change_high": "AP of the third of the videos with most change of scale",
}
