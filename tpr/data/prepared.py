"""Data sets as preparing and the generator write them: <split>.json, frames/<split>/."""

from __future__ import annotations

from pathlib import Path

from tpr.data.json_input import read_json
from tpr.data.youtube_vis import YouTubeVIS

INDEX = "index.json"  # of a data set that was prepared with links followed, "follow_links" is true


def open_split(folder: Path, split: str) -> YouTubeVIS:
    """One split; links out of its frames are followed if they were when it was prepared."""
    index = folder / INDEX
    follow = index.is_file() and bool(read_json(index).get("follow_links"))
    return YouTubeVIS(folder / f"{split}.json", folder / "frames" / split, follow_links=follow)
