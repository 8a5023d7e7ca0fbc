"""Other people's annotations to a checked YouTube-VIS file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tpr.data.coco_video import from_images, is_per_image
from tpr.data.findings import Tally
from tpr.data.frames import check_image, link_notes
from tpr.data.id_maps import MOTS_CATEGORIES, davis_parts, from_id_maps, mots_parts
from tpr.data.json_input import naming, read_json
from tpr.data.records import Track, Video
from tpr.data.rle import encode
from tpr.data.segmentation import decode
from tpr.data.youtube_vis import YouTubeVIS, tight_box

RENUMBERED = "annotation id 0"  # not told: all annotations get ids from 1
Imported = tuple[dict, list[str]]  # a YouTube-VIS record, and notes on what was left out


def coco(source: Path, frames: Path, categories: tuple[str, ...] | None) -> Imported:
    """A YouTube-VIS or OVIS file, or one of the COCO kind with an entry an image."""
    if categories is not None:
        raise ValueError("a JSON file names its categories itself: leave them out")
    record, tally = read_json(source), Tally()
    with naming(source):
        record = from_images(record, tally.add) if is_per_image(record) else record
    return record, [note.sentence for note in tally.notes()]


def mots(source: Path, frames: Path, categories: tuple[str, ...] | None) -> Imported:
    return from_id_maps(source, frames, mots_parts, categories or MOTS_CATEGORIES)


def davis(source: Path, frames: Path, categories: tuple[str, ...] | None) -> Imported:
    if categories is not None and len(categories) != 1:
        raise ValueError("DAVIS has no classes: give one name for all objects")
    return from_id_maps(source, frames, davis_parts, categories or ("object",))


FORMATS: dict[str, Callable[..., Imported]] = {"coco": coco, "mots": mots, "davis": davis}


def imported(
    kind: str,
    source: Path,
    frames: Path,
    categories: tuple[str, ...] | None = None,
    *,
    follow_links: bool = False,
) -> tuple[dict, list[str]]:
    """A complete YouTube-VIS record, and notes on what was left out.

    Every mask is decoded and every picture's size is looked at. Masks become compressed RLE with
    areas and boxes; empty ones become null, tracks without any mask are left out. Raises ValueError
    or FileNotFoundError in one line that names the place.
    """
    if not frames.is_dir():
        raise FileNotFoundError(f"{frames}: no such folder of frames")
    record, notes = FORMATS[kind](source, frames, categories)
    dataset = YouTubeVIS(source, frames, record, follow_links=follow_links)
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
        present = mask is not None and mask.any()
        lists["segmentations"].append(encode(mask) if present else None)
        lists["areas"].append(int(mask.sum()) if present else None)
        lists["bboxes"].append(box_of(mask) if present else None)
    return entry | lists


def box_of(mask: np.ndarray) -> list[int]:
    """x, y, width, height of a mask (H, W) that is not empty."""
    x0, y0, x1, y1 = map(int, tight_box(mask))
    return [x0, y0, x1 - x0, y1 - y0]
