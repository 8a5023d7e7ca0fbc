"""Folders of finished stages that made-up records point to: videos, and results on them."""

import json

import numpy as np
from PIL import Image

from tests.helpers.fake_records import DATASET, FINISHED, key, record, write_manifest, write_record
from tpr.data.rle import encode

RUNS = ("blendmask-r50", "blendmask-r50+tpr")


def finished(root, stage, name, stage_key):
    folder = root / "runs" / "mini" / f"{stage}-{name}{stage_key[:12]}"
    folder.mkdir(parents=True)
    (folder / "record.json").write_text(json.dumps({"key": stage_key, "finished": FINISHED}))
    return folder


def add_videos(root):
    """Two grey videos of two frames, with a square each."""
    folder = finished(root, "videos", "", key("videos", DATASET))
    mask = np.zeros((36, 64), bool)
    mask[8:24, 10:30] = True
    videos, annotations = [], []
    for number in (1, 2):
        names = [f"{number}/{t}.jpg" for t in range(2)]
        (folder / "frames" / "val" / str(number)).mkdir(parents=True)
        for name in names:
            Image.new("RGB", (64, 36), (90, 90, 90)).save(folder / "frames" / "val" / name)
        video = {"id": number, "width": 64, "height": 36, "length": 2, "file_names": names}
        track = {"id": number, "video_id": number, "category_id": 1, "iscrowd": 0}
        track |= {"segmentations": [encode(mask)] * 2, "bboxes": [None] * 2, "areas": [None] * 2}
        videos.append(video)
        annotations.append(track)
    content = {"videos": videos, "annotations": annotations}
    content["categories"] = [{"id": 1, "name": "fish"}]
    (folder / "val.json").write_text(json.dumps(content))


def add_results(root, run, text="[]"):
    folder = finished(root, "evaluate", f"{run}-seed0-", key("evaluate", f"{run}-seed0"))
    (folder / "results.json").write_text(text)


def suite(root):
    write_manifest(root)
    add_videos(root)
    for run in RUNS:
        write_record(root, record(run, 0, 30.0))
        add_results(root, run)
