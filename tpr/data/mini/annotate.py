"""YouTube-VIS JSON of generated videos."""

from __future__ import annotations

from pathlib import PurePosixPath

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from tpr.data.mini.rigs import CATEGORIES
from tpr.data.mini.settings import SplitSettings, split_settings
from tpr.data.mini.video import Video, make_video, overlaps, scale_changes


def encode(mask: np.ndarray | None) -> tuple[dict | None, list[float] | None, int | None]:
    """Compressed RLE, box [x, y, w, h] and area of a (H, W) bool mask."""
    if mask is None:
        return None, None, None
    rle = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    box, area = coco_mask.toBbox(rle).tolist(), int(coco_mask.area(rle))
    # the stubs of pycocotools say that counts may be str
    return (
        {
            "size": list(rle["size"]),
            "counts": rle["counts"].decode("ascii"),  # pyright: ignore[reportAttributeAccessIssue]
        },
        box,
        area,
    )


def annotation(category: str, masks: list[np.ndarray | None], size: tuple[int, int]) -> dict:
    """One track; ids are set when the splits are put together."""
    coded = [encode(mask) for mask in masks]
    return {
        "id": 0, "video_id": 0, "category_id": CATEGORIES.index(category) + 1, "iscrowd": 0,
        "width": size[1], "height": size[0], "length": 1,
        "segmentations": [c[0] for c in coded], "bboxes": [c[1] for c in coded],
        "areas": [c[2] for c in coded],
    }  # fmt: skip


def video_entry(video: Video, name: str) -> dict:
    """JSON of the video itself; "generated" is for grouping results in reports."""
    height, width = video.scene.camera.size
    files = [str(PurePosixPath(name) / f"{t:05d}.jpg") for t in range(len(video.images))]
    generated = {
        "overlap": overlaps(video), "scale_change": scale_changes(video),
        "degradation": video.plan,
    }  # fmt: skip
    return {
        "id": 0, "width": width, "height": height, "length": len(files), "file_names": files,
        "date_captured": "", "license": 1, "flickr_url": "", "coco_url": "", "generated": generated,
    }  # fmt: skip


def jpeg(image: np.ndarray, quality: int) -> bytes:
    """JPEG file of (H, W, 3) uint8 RGB."""
    ok, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise OSError("mini data: OpenCV could not encode a JPEG frame")
    return data.tobytes()


def video_files(job: tuple[str, dict, int, int]) -> tuple[dict, list[dict], list[bytes]]:
    """Video JSON, its annotations and JPEG frames for (split, settings, seed, index)."""
    split, values, seed, index = job
    settings: SplitSettings = split_settings(split, values)
    video = make_video(settings, seed, split, index)
    tracks = [
        annotation(
            video.scene.actors[i].category,  # pyright: ignore[reportArgumentType]: no distractor
            masks,
            video.scene.camera.size,
        )
        for i, masks in zip(video.actors, video.masks, strict=True)
    ]
    frames = [jpeg(image, settings.jpeg_quality) for image in video.images]
    return video_entry(video, f"{index:05d}"), tracks, frames


def document(videos: list[dict], annotations: list[dict], split: str) -> dict:
    """Complete YouTube-VIS file of one split."""
    return {
        "info": {"description": f"TPR mini, generated, split {split}", "url": "", "version": "1.0",
                 "year": 2026, "contributor": "tpr.data.mini", "date_created": ""},
        "licenses": [{"url": "", "id": 1, "name": "generated"}],
        "videos": videos,
        "categories": [{"id": i + 1, "name": name, "supercategory": "object"}
                       for i, name in enumerate(CATEGORIES)],
        "annotations": annotations,
    }  # fmt: skip
