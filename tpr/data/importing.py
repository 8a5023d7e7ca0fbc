"""Other people's annotations to a checked YouTube-VIS file."""

from collections.abc import Callable

import numpy as np

from tpr.data.formats.coco_video import coco
from tpr.data.formats.cvat import cvat
from tpr.data.formats.id_maps import davis, mots_maps
from tpr.data.formats.labelme import labelme
from tpr.data.formats.mots_text import is_text, mots_text
from tpr.data.formats.origin import Origin
from tpr.data.frames import check_image, link_notes
from tpr.data.records import Track, Video
from tpr.data.rle import encode
from tpr.data.segmentation import decode
from tpr.data.youtube_vis import YouTubeVIS, tight_box

RENUMBERED = "annotation id 0"  # not told: all annotations get ids from 1


def mots(origin: Origin) -> dict:
    """KITTI MOTS and MOTSChallenge: text files, or id maps."""
    return mots_text(origin) if is_text(origin) else mots_maps(origin)


FORMATS: dict[str, Callable[[Origin], dict]] = {
    "coco": coco,
    "cvat": cvat,
    "davis": davis,
    "labelme": labelme,
    "mots": mots,
}


def imported(kind: str, origin: Origin, *, follow_links: bool = False) -> tuple[dict, list[str]]:
    """A complete YouTube-VIS record, and notes on what was left out.

    Every mask is decoded and every picture's size is looked at. Masks become compressed RLE with
    areas and boxes; empty ones become null, tracks without any mask are left out. Raises ValueError
    or FileNotFoundError in one line that names the place.
    """
    frames = origin.frames
    if not frames.is_dir():
        raise FileNotFoundError(f"{frames}: no such folder of frames")
    record = FORMATS[kind](origin)
    dataset = YouTubeVIS(origin.source, frames, record, follow_links=follow_links)
    annotations, empty = [], 0
    for video in dataset.videos:
        for name in filter(None, video.file_names):
            check_image(frames, name, video.height, video.width, follow_links=follow_links)
        for track in dataset.tracks(video):
            entry = annotation(dataset, track, video)
            if any(entry["segmentations"]):
                annotations.append({"id": len(annotations) + 1, **entry})
            else:
                empty += 1
    record = {
        "info": {"description": f"imported from {kind}"},
        "videos": [
            vars(video) | {"file_names": list(video.file_names)} for video in dataset.videos
        ],
        "categories": [vars(category) for category in dataset.categories],
        "annotations": annotations,
    }
    notes = origin.notes()
    notes += [note.sentence for note in dataset.notes if note.kind != RENUMBERED]
    if not annotations:
        notes.append("the data set has no tracks: there is nothing to train on")
    if empty:
        notes.append(f"{empty} tracks without any mask were left out")
    if follow_links:
        notes += link_notes(frames, [name for v in dataset.videos for name in v.file_names])
    return record, notes


def annotation(dataset: YouTubeVIS, track: Track, video: Video) -> dict:
    """A track with compressed masks, and areas and boxes measured from them."""
    entry = {"video_id": video.id, "category_id": track.category_id, "iscrowd": int(track.iscrowd)}
    entry |= {"height": video.height, "width": video.width, "length": 1}
    lists: dict[str, list] = {"segmentations": [], "areas": [], "bboxes": []}
    for t, segmentation in enumerate(track.segmentations):
        mask = None
        if segmentation is not None:
            try:
                mask = decode(segmentation, video.height, video.width)
            except ValueError as error:
                where = f"{dataset.path}: annotation {track.id}, frame {t}"
                raise ValueError(f"{where}: {error}") from None
        present = mask if mask is not None and mask.any() else None
        lists["segmentations"].append(None if present is None else encode(present))
        lists["areas"].append(None if present is None else int(present.sum()))
        lists["bboxes"].append(None if present is None else box_of(present))
    return entry | lists


def box_of(mask: np.ndarray) -> list[int]:
    """x, y, width, height of a mask (H, W) that is not empty."""
    x0, y0, x1, y1 = map(int, tight_box(mask))
    return [x0, y0, x1 - x0, y1 - y0]
