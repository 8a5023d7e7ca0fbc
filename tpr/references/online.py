"""The reference of control runs at test time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tpr.data.transforms import Geometry, transform_image
from tpr.data.youtube_vis import Video, YouTubeVIS
from tpr.models.vis_model import VISModel
from tpr.references.choice import EXACT_FLOW, OTHER_VIDEO, choice_of
from tpr.references.exact_flow import ExactFlow, warped
from tpr.routing import Frame

# (video, t, its previous frame, height and width of the network's input) -> the reference
OnlineReference = Callable[[Video, int, Frame, tuple[int, int]], Frame]


def online_reference(
    settings: dict[str, Any], dataset: YouTubeVIS, model: VISModel
) -> OnlineReference | None:
    """The function that replaces the previous frame as reference in a data set's videos.

    None where the previous frame stays, or where the query itself is used (see
    tpr.inference.online.refine).
    """
    choice = choice_of(settings)
    if choice == EXACT_FLOW:
        return aligned(ExactFlow(dataset))
    return OtherVideo(dataset, model) if choice == OTHER_VIDEO else None


def aligned(flow: ExactFlow) -> OnlineReference:
    """The previous frame, refined or raw as inference keeps it, warped by the exact flow."""

    def reference(video: Video, t: int, previous: Frame, size: tuple[int, int]) -> Frame:
        if t == 0:  # where a first frame is its own reference
            return previous
        return warped(previous, flow.resized(video, t, t - 1, Geometry(*size, False))[None])

    return reference


class OtherVideo:
    """The next video's frame at the time of the previous frame, as the backbone gives it.

    It is not refined: a refined one would carry its own video's past, and depend on which videos
    are processed side by side. The last video takes frames of the first. A frame without a picture
    is replaced by the nearest earlier one; a video that is too short stays at its last frame.
    """

    def __init__(self, dataset: YouTubeVIS, model: VISModel) -> None:
        self.dataset, self.model = dataset, model
        shown = [video for video in dataset.videos if any(video.file_names)]
        if len(shown) < 2:
            raise ValueError(f"{dataset.path}: no other video to take a reference from")
        self.next = {one.id: other for one, other in zip(shown, shown[1:] + shown[:1], strict=True)}

    def __call__(self, video: Video, t: int, previous: Frame, size: tuple[int, int]) -> Frame:
        other = self.next[video.id]
        times = [i for i in range(other.length) if other.file_names[i]]
        before = [i for i in times if i < t]
        picture = self.dataset.read_frame(other, before[-1] if before else times[0])
        return self.model.frames(transform_image(picture, Geometry(*size, False))[None])
