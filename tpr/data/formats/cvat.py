"""CVAT's exports "CVAT for video 1.1" and "CVAT for images 1.1" as YouTube-VIS records."""

from __future__ import annotations

from pathlib import Path

from tpr.data.formats.cvat_images import from_images
from tpr.data.formats.cvat_video import from_video
from tpr.data.formats.cvat_xml import read_export
from tpr.data.formats.origin import Origin
from tpr.data.formats.tracks import record_of
from tpr.data.media.folders import list_files, list_folders, natural_key


def cvat(origin: Origin) -> dict:
    """The record of one XML file, or of all in a folder and in its folders."""
    exports = {file: read_export(file) for file in files_of(origin)}
    videos = []
    for file, export in exports.items():
        if export.images:
            videos += from_images(origin, file, export)
        else:
            videos += from_video(origin, file, export, alone=len(exports) == 1)
    labels = [label for export in exports.values() for label in export.labels]
    labels += sorted({x for video in videos for x in video.labels()} - set(labels), key=natural_key)
    return record_of(videos, origin.categories or list(dict.fromkeys(labels)))


def files_of(origin: Origin) -> list[Path]:
    if not origin.source.is_dir():
        return [origin.source]
    folders = [origin.source, *list_folders(origin.source).paths]
    found = [path for folder in folders for path in list_files(folder, (".xml",)).paths]
    if not found:
        raise ValueError(f"{origin.source}: neither it nor its folders hold XML files")
    return found
