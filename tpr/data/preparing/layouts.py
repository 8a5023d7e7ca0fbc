"""Where YouTube-VIS and OVIS lie on a disk: the official archives' layouts and the common ones.

Splits are "train" and "valid". Annotation files are looked for in the order of ANNOTATIONS; the
frame folder is the one of FRAMES that really holds the frames which the file names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

DATASETS = ("ytvis2019", "ytvis2021", "ytvis2022", "ovis")

ANNOTATIONS = {
    "train": (
        "train.json",  # archive of 2019; Mask2Former's layout
        "train/instances.json",  # archives of 2021 and 2022
        "annotations_train.json",  # archive of OVIS
        "annotations/instances_train_sub.json",  # MaskTrack R-CNN, VNext
        "annotations/train.json",  # SipMask-VIS, TeViT
        "annotations/annotations_train.json",
        "instances_train_sub.json",
        "train/train.json",
    ),
    "valid": (
        "valid.json",
        "val.json",
        "valid/instances.json",
        "val/instances.json",
        "annotations_valid.json",
        "annotations/instances_val_sub.json",
        "annotations/valid.json",
        "annotations/val.json",
        "annotations/annotations_valid.json",
        "instances_val_sub.json",
        "valid/valid.json",
        "instances.json",  # 2022 in VNext
    ),
}
FRAMES = {
    "train": ("train/JPEGImages", "train", "Images/train", "JPEGImages/train", "JPEGImages"),
    "valid": (
        "valid/JPEGImages",
        "val/JPEGImages",
        "valid",
        "val",
        "Images/valid",
        "Images/val",
        "JPEGImages/valid",
        "JPEGImages/val",
        "JPEGImages",
    ),
}
PROBED = 20  # videos whose first frame decides between frame folders


@dataclass(frozen=True)
class Source:
    """A split's annotation file and the folder that its file names are relative to."""

    json: Path
    frames: Path


def find_annotations(root: Path, dataset: str, split: str) -> Path:
    """The annotation file below `root`: the data set's folder, or one that holds it by name.

    Raises FileNotFoundError naming what was looked for.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: no such folder")
    found = next(annotation_files(root, dataset, split), None)
    if found is not None:
        return found
    looked = ", ".join(ANNOTATIONS[split])
    raise FileNotFoundError(
        f"{root}: no annotations of {dataset} {split}; looked for {looked} there and in folders "
        f"called {dataset} (also spelled as in youtube_vis_2019)"
    )


def annotation_files(root: Path, dataset: str, *splits: str) -> Iterator[Path]:
    """Those that are there, of these splits or of all, in the order of ANNOTATIONS."""
    for folder in (root, *named_folders(root, dataset)):
        for name in (name for split in splits or ANNOTATIONS for name in ANNOTATIONS[split]):
            if (folder / name).is_file():
                yield folder / name


def named_folders(root: Path, dataset: str) -> list[Path]:
    """Folders in `root` called like the data set: ytvis_2019, YouTube-VIS-2019, OVIS, ..."""
    spelled = {dataset, dataset.replace("ytvis", "youtubevis")}
    plain = {path: re.sub("[^a-z0-9]", "", path.name.lower()) for path in sorted(root.iterdir())}
    return [path for path, name in plain.items() if name in spelled and path.is_dir()]


def find_frames(annotations: Path, split: str, names: Iterable[str]) -> Path:
    """The folder of the frames called `names` (some are enough), for an annotation file.

    Of several folders the one that holds most of them, of equal ones the first; one that holds none
    is still taken, so that every missing frame is named later. Raises FileNotFoundError.
    """
    tried = [base / name for base in bases(annotations) for name in FRAMES[split]]
    folders = [path for path in tried if path.is_dir()]
    if not folders:
        base = bases(annotations)[0]
        raise FileNotFoundError(
            f"{base}: no folder of frames; looked for {', '.join(FRAMES[split])}"
        )
    names = list(names)
    return max(folders, key=lambda folder: sum((folder / name).is_file() for name in names))


def bases(annotations: Path) -> list[Path]:
    """Folders in which the frame folders may lie: beside the annotation file, or one level up."""
    inside = ("annotations", "train", "valid", "val")
    folder = annotations.parent
    return [folder.parent, folder] if folder.name in inside else [folder]
