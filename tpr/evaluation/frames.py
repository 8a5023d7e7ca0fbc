"""Single frames as videos of one frame, to evaluate masks without tracks."""

from tpr.data.segmentation import is_missing


def as_frames(
    ground_truth: dict, results: list[dict]
) -> tuple[dict, list[dict], dict[tuple[int, int], int]]:
    """Ground truth, results and {(video id, frame): id of its one-frame video}.

    Both inputs are as ``evaluate`` takes them (and has checked). A track becomes one object a frame
    where it has a mask; a prediction's frames all have its score.
    """
    ids: dict[tuple[int, int], int] = {}
    videos = []
    for video in ground_truth["videos"]:
        for frame in range(_length(video)):
            ids[video["id"], frame] = len(ids) + 1
            videos.append(
                {"id": len(ids), "height": video.get("height"), "width": video.get("width")}
            )
    truths = [one for track in ground_truth.get("annotations", []) for one in _objects(track, ids)]
    for number, one in enumerate(truths, 1):
        one["id"] = number
    found = [one for track in results for one in _objects(track, ids)]
    categories = ground_truth["categories"]
    return {"videos": videos, "categories": categories, "annotations": truths}, found, ids


def _length(video: dict) -> int:
    names = video.get("file_names")
    return video.get("length", 0) if names is None else len(names)


def _objects(track: dict, ids: dict[tuple[int, int], int]) -> list[dict]:
    """One annotation or result a frame with a mask; frames beyond the video's end are dropped."""
    kept = {key: track[key] for key in ("category_id", "score", "iscrowd") if key in track}
    return [
        kept | {"video_id": ids[track["video_id"], frame], "segmentations": [mask]}
        for frame, mask in enumerate(track["segmentations"])
        if not is_missing(mask) and (track["video_id"], frame) in ids
    ]
