"""Contact sheet of a data set: rows are videos, columns frames, outlines are the masks."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from tpr.data.media.pictures import read_picture

COLOURS = ((255, 60, 60), (60, 255, 60), (80, 140, 255), (255, 230, 50), (255, 80, 255))


def outlined(
    image: np.ndarray, tracks: list[dict], names: dict[int, str], t: int, zoom: int
) -> np.ndarray:
    """Enlarged frame (RGB uint8) with the outline and name of every track present."""
    image = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)
    for k, track in enumerate(tracks):
        rle = track["segmentations"][t]
        if rle is None:
            continue
        mask = cv2.resize(
            coco_mask.decode(rle), None, fx=zoom, fy=zoom, interpolation=cv2.INTER_NEAREST
        )
        contours = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
        cv2.drawContours(image, contours, -1, COLOURS[k % len(COLOURS)], 1)
        x, y = (int(v * zoom) for v in track["bboxes"][t][:2])
        text = names[track["category_id"]]
        cv2.putText(
            image,
            text,
            (x, max(y, 10)),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.35,
            COLOURS[k % len(COLOURS)],
            1,
        )
    return image


def label(image: np.ndarray, video: dict, t: int) -> None:
    """Write the degradation of frame ``t`` into its lower left corner."""
    plan = video.get("generated", {}).get("degradation", [None] * video["length"])[t]
    if plan:
        text = f"{plan['kind']} {plan['severity']:.1f}"
        cv2.putText(
            image, text, (2, image.shape[0] - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.35, (255, 255, 255), 1
        )


def sheet(
    folder: Path, split: str, first: int, rows: int, zoom: int = 2, outlines: bool = True
) -> np.ndarray:
    """(H, W, 3) uint8 RGB sheet of ``rows`` videos of ``split`` starting at index ``first``."""
    path = Path(folder) / f"{split}.json"
    if not path.is_file():
        raise FileNotFoundError(f"mini data: {path} does not exist; generate the data set first")
    data = json.loads(path.read_text(encoding="utf-8"))
    names = {c["id"]: c["name"] for c in data["categories"]}
    lines = []
    for video in data["videos"][first : first + rows]:
        tracks = (
            [a for a in data["annotations"] if a["video_id"] == video["id"]] if outlines else []
        )
        cells = []
        for t, name in enumerate(video["file_names"]):
            image = read_picture(Path(folder) / "frames" / split / name)
            cell = outlined(image, tracks, names, t, zoom)
            label(cell, video, t)
            cells.append(np.pad(cell, ((0, 3), (0, 3), (0, 0))))
        lines.append(np.concatenate(cells, axis=1))
    if not lines:
        raise ValueError(f"mini data: split {split!r} has no video {first}")
    return np.concatenate(lines)
