"""What tests of imports share: small videos, id maps, and a call of the command."""

from pathlib import Path

import numpy as np
from PIL import Image

from tpr.data.__main__ import main
from tpr.data.youtube_vis import YouTubeVIS

SIZE = (4, 6)  # height and width of the pictures


def block(x0: int, x1: int) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[1:3, x0:x1] = True
    return mask


def pictures(folder: Path, *names: str, size: tuple[int, int] = SIZE) -> Path:
    """Writes black pictures of these names, such as "a/00.jpg"; returns the folder."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size[::-1]).save(path)
    return folder


def id_maps(folder, maps, mode):
    """Writes {name: (H, W) ids} as PNG files of a PIL mode."""
    for name, ids in maps.items():
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(ids.astype(np.uint16 if mode == "I;16" else np.uint8))
        if mode == "P":
            image.putpalette(list(range(256)) * 3)
        image.save(path)
    return folder


def convert(tmp_path, frames, kind, source, *more):
    out = tmp_path / "out.json"
    status = main(["import", kind, str(source), "--frames", str(frames), "--out", str(out), *more])
    return YouTubeVIS(out, frames) if status == 0 else None


def masks(dataset, video, t):
    """Track id to mask of one frame."""
    found = dataset.frame_instances(dataset.videos[video], t)
    return dict(zip(found.track_ids.tolist(), found.masks, strict=True))
