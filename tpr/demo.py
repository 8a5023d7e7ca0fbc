"""Tracks on any video: masks, track numbers and class names, one colour a track.

    python -m tpr.demo VIDEO_OR_FOLDER --model mini/blendmask-r50+tpr --out out.mp4

VIDEO_OR_FOLDER is a file that ffmpeg reads, a folder of pictures or a picture; without one a clip
is generated. Frames are read, tracked, drawn and written one by one. Beside out.mp4 lies out.json,
the tracks in the format of YouTube-VIS results.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import islice
from pathlib import Path

from tpr.command import LONGEST, command, finite, positive, say
from tpr.extras import needed_packages

with needed_packages(__name__):
    import numpy as np
    from tqdm import tqdm

    from tpr.data.clips import Clip, open_clip
    from tpr.data.media.sound import Sound
    from tpr.data.media.video_writer import LONGEST_SIDE, VideoWriter, check_encodable
    from tpr.data.mini import generate
    from tpr.data.records import Video
    from tpr.data.transforms import resize_to_short_edge
    from tpr.drawing.gate_maps import gate_maps, gate_panel, gate_panel_width
    from tpr.drawing.tracks import BAR, DrawnTrack, headed, overlay, track_colour
    from tpr.evaluation.submission import write_results
    from tpr.files import check_outputs, replacing
    from tpr.inference.online import advance
    from tpr.inference.playback import Playback, Seen
    from tpr.inference.trained import WEIGHTS, Trained, find, load_trained
    from tpr.terminal import printable, several

SAMPLE = {"videos": 1, "frames": 24, "height": 96, "width": 160}
SAMPLE_SEED = 7  # none of the profiles' videos
LEAST_WIDTH = 480  # pixels of a panel; smaller videos are enlarged
MOST_INPUT = 4_000_000  # pixels that a network gets
VIDEO_ID = 1


@command
def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    with clip_of(options.video) as clip:
        summary = run(options, clip)
        for note in clip.notes:
            say(f"note: {printable(note, LONGEST)}")
        print(printable(summary))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tpr.demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("video", type=Path, nargs="?", help="video file or folder of pictures")
    parser.add_argument("--model", default="mini/blendmask-r50+tpr", help="name, or its JSON file")
    parser.add_argument("--compare", metavar="MODEL", help="a second model, drawn beside it")
    parser.add_argument("--gates", action="store_true", help="gate maps of the model beside it")
    parser.add_argument("--out", type=Path, default=Path("out.mp4"), help="video to write: .mp4")
    parser.add_argument("--min-score", type=finite, default=0.3, help="of what is drawn")
    parser.add_argument("--frames", type=positive, help="stop after so many")
    return parser.parse_args(arguments)


@contextmanager
def clip_of(path: Path | None) -> Iterator[Clip]:
    """The video, or a generated one that is deleted at the end."""
    if path is not None:
        yield open_clip(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder) / "data", {"sample": SAMPLE}, seed=SAMPLE_SEED)
        (first, *_) = Path(folder).rglob("*.jpg")
        yield open_clip(first.parent)


def run(options: argparse.Namespace, clip: Clip) -> str:
    """Writes the video and the tracks; says what it wrote."""
    names = [options.model, *([options.compare] if options.compare else [])]
    json_out = options.out.with_suffix(".json")
    check_request(options, clip, names, [options.out, json_out])
    shows = [Show(load_trained(name), clip, options.min_score) for name in names]
    if options.video is not None:
        tell_what_is_known([show.trained for show in shows])
    if options.gates and not has_gates(shows[0].trained):
        raise ValueError(f"{options.model} has no gates to show")
    with (
        Sound(clip.path) if clip.is_video_file else nullcontext() as sound,
        replacing(options.out) as draft,
        VideoWriter(draft, clip.rate, sound) as writer,
    ):
        count = 0
        for picture in counted(clip, options.frames):
            panels = [show.step(count, picture) for show in shows]
            if options.gates:
                panels.insert(1, shows[0].gates(picture))
            writer.write(np.concatenate(panels, axis=1))
            count += 1
    clip.notes.extend(sound.notes if sound else [])
    tracks = shows[0].entries(count)
    write_results(json_out, tracks)
    return f"{options.out}, {json_out}: {several(count, 'frame')}, {several(len(tracks), 'track')}"


def tell_what_is_known(models: Sequence[Trained]) -> None:
    """A line for each kind of videos that is all that models know."""
    names: dict[str, dict[str, None]] = {}
    for one in models:
        names.setdefault(one.knows, {})[one.name] = None
    for knows, named in names.items():
        if knows:
            say(
                f"note: {printable(', '.join(named))} knows only {printable(knows)}; how to train "
                "it on yours is in docs/own-annotations.md"
            )


def has_gates(trained: Trained) -> bool:
    """Whether its temporal module notes gates, which it does in every call."""
    gates = getattr(trained.model.temporal, "gates", None)
    return isinstance(gates, list)


def check_request(
    options: argparse.Namespace, clip: Clip, names: Sequence[str], outputs: Sequence[Path]
) -> None:
    """ValueError for what cannot be written, before anything is."""
    if options.out.suffix.lower() != ".mp4":
        raise ValueError(f"{options.out}: the output is an .mp4 file")
    models = [find(name, WEIGHTS) for name in names]
    check_outputs(outputs, [clip.path, *clip.files, *models])
    width = panel_width(clip)
    height = max(1, round(clip.height * width / clip.width))
    check_encodable(height + BAR, width * len(names) + options.gates * gate_panel_width(width))


def counted(clip: Clip, most: int | None) -> Iterator[np.ndarray]:
    """The clip's first frames with progress, whose total is at the end what really came."""
    total = min(clip.length, most or clip.length)
    with tqdm(total=total, unit="frame") as bar:
        for picture in islice(clip.frames(), most):
            yield picture
            bar.update()
        bar.total = bar.n


def check_shape(trained: Trained, clip: Clip) -> None:
    """ValueError for a clip so much longer than wide that the network's input would be huge."""
    settings = trained.settings
    size = (clip.height, clip.width)
    height, width = resize_to_short_edge(size, settings["short_edge"], settings["longest"])
    if height * width > MOST_INPUT:
        raise ValueError(
            f"{clip.path}: {clip.width} x {clip.height} is too long a shape: {trained.name} would "
            f"see it at {width} x {height} pixels, more than {MOST_INPUT:,}; crop it"
        )


def panel_width(clip: Clip) -> int:
    """Small videos are enlarged, unless they would become too tall to write."""
    width = max(clip.width, LEAST_WIDTH)
    return width if clip.height * width / clip.width + BAR <= LONGEST_SIDE else clip.width


class Show:
    """A model on its way through a clip, and how it is drawn."""

    def __init__(self, trained: Trained, clip: Clip, min_score: float) -> None:
        self.trained, self.min_score = trained, min_score
        self.width = panel_width(clip)
        check_shape(trained, clip)
        self.playback = Playback(Video(VIDEO_ID, clip.width, clip.height, 0, ()))

    def step(self, t: int, picture: np.ndarray) -> np.ndarray:
        """Tracks frame t and draws it: (H, W, 3) with the model's name on top."""
        trained = self.trained
        (seen,) = advance(trained.model, [self.playback], t, [picture], trained.settings)
        tracks = [self.drawn(one) for one in seen if one.score >= self.min_score]
        return headed(trained.name, overlay(picture, tracks, 0, width=self.width))

    def drawn(self, seen: Seen) -> DrawnTrack:
        """A track's mask in this frame; its name is the class that it had most often so far."""
        category = self.trained.categories[self.playback.tracks[seen.track].category]
        label = f"{seen.track + 1} {category.name} {seen.score:.2f}"
        return DrawnTrack(label, (seen.mask,), track_colour(seen.track))

    def gates(self, picture: np.ndarray) -> np.ndarray:
        """The gate maps of the frame that was tracked last, a map a level."""
        trained = self.trained
        maps = gate_maps(trained.model.gates, valid_share(trained, picture.shape[:2]))
        return headed("gates, mean of a level", gate_panel(picture, maps, self.width))

    def entries(self, length: int) -> list[dict]:
        return self.playback.entries([c.id for c in self.trained.categories], length)


def valid_share(trained: Trained, size: tuple[int, int]) -> tuple[float, float]:
    """The share of the network's padded input that a frame of this size covers."""
    settings, multiple = trained.settings, trained.model.backbone.size_divisibility
    sides = resize_to_short_edge(size, settings["short_edge"], settings["longest"])
    height, width = (side / (side + -side % multiple) for side in sides)
    return height, width


if __name__ == "__main__":
    sys.exit(main())
