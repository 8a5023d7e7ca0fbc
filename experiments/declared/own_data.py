"""A user's own data: a manifest of a page, or a folder, given by --data.

Its stages' keys hold what the annotation files contain, never where they lie.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from experiments.declared.manifest_errors import ManifestError, Source
from experiments.declared.training_settings import HeldOut, OwnVideos
from experiments.declared.trial import TRIAL
from experiments.declared.typed_yaml import Label, load_typed
from tpr.data.preparing.layouts import find_frames
from tpr.data.preparing.own import AnnotatedFrames, category_names, first_names
from tpr.files import sha256
from tpr.terminal import printable

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
DEFAULT: HeldOut = {"share": 0.2, "seed": 0}


@dataclass(frozen=True)
class Files:
    """annotations: a YouTube-VIS file, as `python -m tpr.data import` writes it; frames: the folder
    that its names are relative to."""

    annotations: str
    frames: str


@dataclass(frozen=True)
class Iterations:
    """Of trainings on these data, None: as the profile has them."""

    images: int | None = None
    videos: int | None = None


@dataclass(frozen=True)
class OwnData:
    """validation: files, or the share of the videos that is held out; images: single annotated
    ones, for the image models; categories: those that are trained on, of all that the files have
    if empty."""

    name: str = field(metadata={"key": "data"})
    videos: list[Files]
    validation: HeldOut | list[Files] = field(default_factory=lambda: DEFAULT.copy())
    images: list[Files] = field(default_factory=list[Files])
    categories: list[Label] = field(default_factory=list[str])
    about: str = ""
    iterations: Iterations = field(default_factory=Iterations)

    @property
    def held_out(self) -> HeldOut | None:
        return self.validation if isinstance(self.validation, dict) else None

    @property
    def parts(self) -> dict[str, list[AnnotatedFrames]]:
        """Files by split: train, val where nothing is held out, images where there are some."""
        validation = [] if isinstance(self.validation, dict) else self.validation
        lists = {"train": self.videos, "val": validation, "images": self.images}
        return {
            split: [AnnotatedFrames(Path(one.annotations), Path(one.frames)) for one in files]
            for split, files in lists.items()
            if files
        }

    def settings(self) -> OwnVideos:
        """What stages depend on."""
        sums = {
            split: [sha256(part.annotations) for part in parts]
            for split, parts in self.parts.items()
        }
        data: OwnVideos = {"own": self.name, "categories": self.categories, "sums": sums}
        if self.held_out is not None:
            data["held_out"] = self.held_out
        return data


def load_own_data(given: str) -> OwnData:
    """From a manifest's path, or NAME=FOLDER. Raises ManifestError, FileNotFoundError or
    ValueError in one line."""
    name, equals, folder = given.partition("=")
    if equals and not Path(given).exists():
        return of_folder(name, Path(folder))
    path = Path(given)
    if path.is_dir():
        raise ManifestError(
            f"{given} is a folder: write --data NAME={given}, where NAME is what the data are "
            "called, or give a manifest (docs/own-data.md)"
        )
    own, source = load_typed(path, OwnData)
    check(own, source)
    own = located(own, path.absolute().parent, source)
    return with_categories(own, source)


def absolute(given: str) -> str:
    """The same value of --data for a process that runs in another folder."""
    name, equals, folder = given.partition("=")
    if equals and not Path(given).exists():
        return f"{name}={Path(folder).absolute()}"
    return str(Path(given).absolute())


def of_folder(name: str, folder: Path) -> OwnData:
    """train.json, and val.json and images.json where they are, with frames laid out as
    YouTube-VIS's; images.json has its in images/."""
    check_name(name)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder (from --data)")
    folder = folder.absolute()
    train, val, images = (folder / f"{split}.json" for split in ("train", "val", "images"))
    if not train.is_file():
        raise FileNotFoundError(
            f"{train}: no such file: `python -m tpr.data import` writes it (docs/own-data.md)"
        )
    own = OwnData(name, [files_of(train, "train")])
    if val.is_file():
        own = replace(own, validation=[files_of(val, "valid")])
    if images.is_file():
        own = replace(own, images=[Files(str(images), str(folder / "images"))])
    return with_categories(own, None)


def files_of(annotations: Path, split: str) -> Files:
    names = first_names(annotations)
    return Files(str(annotations), str(find_frames(annotations, split, names)))


def check_name(name: str) -> None:
    """ValueError for a name that could not be a folder's, or would pass for a trial's."""
    if not NAME.fullmatch(name) or name.endswith(TRIAL):
        raise ValueError(
            f"{printable(name, 60)!r} cannot name data: use letters, digits, '.', '_' and '-', a "
            f"letter or digit first, 40 of them at most, and no {TRIAL!r} at the end"
        )


def check(own: OwnData, source: Source) -> None:
    """Raises ManifestError for what a type does not say."""
    try:
        check_name(own.name)
    except ValueError as error:
        raise source.error(str(error), "data") from None
    if not own.videos:
        raise source.error("videos is empty: name at least one annotation file", "videos", "")
    if own.held_out is not None and not 0 < own.held_out["share"] < 1:
        share = own.held_out["share"]
        raise source.error(f"share must lie between 0 and 1, not {share}", "validation", "share")
    if own.validation == []:
        raise source.error("validation is empty: name files, or a share", "validation", "")
    for name in ("images", "videos"):
        if getattr(own.iterations, name) == 0:
            raise source.error(f"{name} must be 1 or more", "iterations", name)
    if len(set(own.categories)) < len(own.categories):
        raise source.error("a category stands twice", "categories", "")


def located(own: OwnData, folder: Path, source: Source) -> OwnData:
    """With all paths absolute; they are relative to the manifest's folder. Raises ManifestError
    for what is not there."""

    def found(key: str, files: Sequence[Files]) -> list[Files]:
        out: list[Files] = []
        for i, one in enumerate(files):
            annotations, frames = folder / one.annotations, folder / one.frames
            if not annotations.is_file():
                raise source.error(f"{annotations}: no such file", key, i, "annotations")
            if not frames.is_dir():
                raise source.error(f"{frames}: no such folder of frames", key, i, "frames")
            out.append(Files(str(annotations), str(frames)))
        return out

    validation = own.validation
    return replace(
        own,
        videos=found("videos", own.videos),
        validation=validation if isinstance(validation, dict) else found("validation", validation),
        images=found("images", own.images),
    )


def with_categories(own: OwnData, source: Source | None) -> OwnData:
    """With the categories of all files where none are named. Raises ManifestError for a named one
    that no file has."""
    known: dict[str, None] = {}
    for parts in own.parts.values():
        for part in parts:
            known |= dict.fromkeys(category_names(part.annotations))
    if source is not None:
        for i, name in enumerate(own.categories):
            source.check_name(name, known, "category", "categories", i)
    return own if own.categories else replace(own, categories=list(known))
