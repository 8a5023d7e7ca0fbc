"""The references that a run can name as "reference" in its settings of training and inference."""

from __future__ import annotations

from typing import Any

# The release's and the paper's: a frame nearby in training, at test time the previous frame's
# refined pyramid.
PREVIOUS = "previous"
# The query's own pyramid, as the backbone gives it: no other frame and no recursion.
SELF = "self"
# A frame of another video, as the backbone gives it: the same statistics, nothing in common.
OTHER_VIDEO = "other-video"
# As PREVIOUS, warped to the query by the exact flow of generated videos: perfectly aligned.
EXACT_FLOW = "exact-flow"

CHOICES = (PREVIOUS, SELF, OTHER_VIDEO, EXACT_FLOW)


def choice_of(settings: dict[str, Any]) -> str:
    """The reference that settings name. Raises ValueError for an unknown one."""
    choice = settings.get("reference", PREVIOUS)
    if choice not in CHOICES:
        raise ValueError(f"unknown reference {choice!r}; known: {', '.join(CHOICES)}")
    return choice
