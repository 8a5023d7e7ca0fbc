"""Small data sets as YouTube-VIS and OVIS are distributed, in any layout, for tests."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from tpr.data.rle import encode

HEIGHT, WIDTH = 12, 16
# annotations and frames of train, annotations and frames of valid
LAYOUTS = {
    "archive 2019": ("train.json", "train/JPEGImages", "valid.json", "valid/JPEGImages"),
    "archive 2021": (
        "train/instances.json",
        "train/JPEGImages",
        "valid/instances.json",
        "valid/JPEGImages",
    ),
    "VNext": (
        "annotations/instances_train_sub.json",
        "train/JPEGImages",
        "annotations/instances_val_sub.json",
        "val/JPEGImages",
    ),
    "SipMask": ("annotations/train.json", "train", "annotations/valid.json", "valid"),
    "OVIS": ("annotations_train.json", "train", "annotations_valid.json", "valid"),
    "OVIS with Images": (
        "annotations_train.json",
        "Images/train",
        "annotations_valid.json",
        "Images/valid",
    ),
}


def mask(seed: int) -> np.ndarray:
    out = np.zeros((HEIGHT, WIDTH), bool)
    out[1 + seed % 4 : 7, 2 : 6 + seed % 7] = True
    return out


def run_list(shape: np.ndarray) -> dict:
    """Uncompressed RLE, as YouTube-VIS has it."""
    flat = shape.T.ravel()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flat, [False]]))).tolist()
    counts = np.diff([0, *edges, flat.size]).tolist()
    return {"size": [HEIGHT, WIDTH], "counts": counts if counts[-1] else counts[:-1]}


def content(videos: int, frames: int = 2, *, first_id: int = 1, string_masks: bool = False) -> dict:
    """A file: each video shows one object, of category 1 + its index modulo 3."""
    names = [[f"clip{v:03}/{t * 5:05}.jpg" for t in range(frames)] for v in range(videos)]
    size = {"width": WIDTH, "height": HEIGHT, "length": frames}
    code = encode if string_masks else run_list
    return {
        "videos": [{"id": first_id + v, "file_names": names[v], **size} for v in range(videos)],
        "categories": [{"id": k + 1, "name": n} for k, n in enumerate(("ape", "boat", "cat"))],
        "annotations": [
            {
                "id": first_id + 100 + v,
                "video_id": first_id + v,
                "category_id": 1 + v % 3,
                "iscrowd": 0,
                "length": 1,  # of every annotation as distributed, whatever the video's length
                "segmentations": [None, *(code(mask(v + t)) for t in range(1, frames))],
                "bboxes": [None, *([2, 1, 5, 5] for _ in range(1, frames))],
                "areas": [None, *(float(mask(v + t).sum()) for t in range(1, frames))],
            }
            for v in range(videos)
        ],
    }


def write(root: Path, layout: str, train: dict, valid: dict | None = None) -> Path:
    """Writes annotations and a frame for every name; returns the root."""
    paths = LAYOUTS[layout]
    for record, annotations, frames in ((train, *paths[:2]), (valid, *paths[2:])):
        if record is None:
            continue
        target = root / annotations
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(record))
        for video in record["videos"]:
            for name in filter(None, video["file_names"]):
                save(root / frames / name, (video["width"], video["height"]))
    return root


def save(path: Path, size: tuple[int, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (90, 20, len(path.name))).save(path)
