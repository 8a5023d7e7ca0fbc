"""What an importer is given, the folders and pictures of its videos, and what it has to tell."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tpr.data.findings import Tally
from tpr.data.media.folders import PICTURES, Listing, list_files, list_folders

ANNOTATIONS = (".json", ".txt", ".xml")


@dataclass(frozen=True)
class Origin:
    """source: file or folder of the annotations; frames: folder that pictures' names are relative
    to; categories: names asked for; keep_unlabelled: keep frames without an annotation, as frames
    without objects; single_images: every picture is a video of one frame. `listed` and `tally`
    gather what is left out."""

    source: Path
    frames: Path
    categories: tuple[str, ...] | None = None
    keep_unlabelled: bool = False
    single_images: bool = False
    listed: list[str] = field(default_factory=list)  # a line on each folder
    tally: Tally = field(default_factory=Tally)

    def notes(self) -> list[str]:
        return [*self.listed, *(note.sentence for note in self.tally.notes())]

    def videos(self, endings: Sequence[str]) -> list[tuple[str, list[Path]]]:
        """Name and annotation files of each video: the folders in the source, or the source itself
        as one video, called ".", where the files lie in it. ValueError if there are none."""
        folders, direct = list_folders(self.source), list_files(self.source, endings)
        if direct.paths:
            self.tell(direct, self.source)
            return [(".", direct.paths)]
        self.tell(folders, self.source)
        found = []
        for folder in folders.paths:
            listing = list_files(folder, endings)
            self.tell(listing, folder)
            if listing.paths:
                found.append((folder.name, listing.paths))
            else:
                text = f"{folder}: left out, as it holds no {', '.join(endings)} files"
                self.listed.append(text)
        if not found:
            raise ValueError(
                f"{self.source}: holds no {', '.join(endings)} files, and no folders of them: give "
                "the folder in which the videos' folders lie"
            )
        return found

    def pictures(self, folder: Path) -> list[Path]:
        listing = list_files(folder)
        self.tell(listing, folder)
        return listing.paths

    def tell(self, listing: Listing, folder: Path) -> None:
        """Notes what was left out, but for pictures beside annotations and the reverse."""
        expected = {f"{ending} files" for ending in (*PICTURES, *ANNOTATIONS)}
        others = {k: n for k, n in listing.left_out.items() if k.lower() not in expected}
        self.listed.extend(listing._replace(left_out=Counter(others)).notes(folder))

    def kept(self, pictures: Sequence[Path], labelled: Iterable[Path]) -> list[Path]:
        """The pictures that become frames: those with an annotation, or all if asked for."""
        labelled = set(labelled)
        missing = [path for path in pictures if path not in labelled]
        kind = "frame without an annotation, " + ("kept" if self.keep_unlabelled else "left out")
        for path in missing:
            self.tally.add(kind, str(path))
        return [path for path in pictures if self.keep_unlabelled or path in labelled]

    def tell_unlabelled(self, videos: set[str]) -> None:
        """Notes folders of frames that are called like none of these videos."""
        for folder in list_folders(self.frames).paths:
            if folder.name not in videos and "." not in videos:
                self.tally.add("video without annotations, left out", str(folder))

    def name(self, picture: Path) -> str:
        """A picture's name in the record."""
        return picture.relative_to(self.frames).as_posix()


def seen_from(root: Path, folder: Path, name: str) -> Path | None:
    """A path that is relative to a folder as one below the root, or None where it leads out."""
    path = Path(os.path.normpath(os.path.abspath(folder / name)))
    base = Path(os.path.abspath(root))
    return root / path.relative_to(base) if path.is_relative_to(base) else None
