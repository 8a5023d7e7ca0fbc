"""Pictures of tracks: masks, boxes and names over frames, one colour a track, and contact sheets.

    python -m tpr.visualize val.json frames/val results.json --out sheet.png

Frames are uint8 RGB arrays (H, W, 3); tracks come from a YouTube-VIS file or its results format.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tpr.command import command, finite, positive, say
from tpr.extras import needed_packages

with needed_packages(__name__):
    import cv2
    import numpy as np

    from tpr.data.findings import Report, Tally
    from tpr.data.frames import add_follow_links, link_notes
    from tpr.data.json_input import naming
    from tpr.data.media.picture_writer import check_ending, encode_image
    from tpr.data.records import Track
    from tpr.data.results import read_results
    from tpr.data.segmentation import MaskSizeError, decode, is_missing
    from tpr.data.youtube_vis import Video, YouTubeVIS
    from tpr.drawing.tracks import (
        BAR,
        PAPER,
        Colour,
        DrawnTrack,
        headed,
        overlay,
        track_colour,
    )
    from tpr.files import check_outputs, replacing
    from tpr.terminal import printable

MARGIN = 4  # pixels between cells
GAP = 14  # pixels below a video
MOST_PIXELS = 100_000_000  # of a sheet
MIN_OVERLAP = 0.1  # a prediction takes a true track's colour from this IoU on


def true_tracks(dataset: YouTubeVIS, video: Video) -> list[DrawnTrack]:
    """The annotated tracks of a video, coloured in file order; crowd regions are left out."""
    names = dataset.annotations.categories
    tracks = [track for track in dataset.tracks(video) if not track.iscrowd]
    with naming(dataset.path):
        masks = [masks_of(track, video) for track in tracks]
    return [
        DrawnTrack(names[track.category_id].name, own, track_colour(place))
        for place, (track, own) in enumerate(zip(tracks, masks, strict=True))
    ]


def score_of(result: Track) -> float:
    """The score of a result, which annotations do not have."""
    assert result.score is not None
    return result.score


def predicted_tracks(
    dataset: YouTubeVIS,
    video: Video,
    results: Sequence[Track],
    *,
    min_score: float = 0.0,
    most: int = 10,
    truth: Sequence[DrawnTrack] = (),
    report: Report | None = None,
) -> list[DrawnTrack]:
    """A video's best results of known categories, at most `most`, best first.

    Each takes the colour of the true track that it overlaps most over the video (IoU of at least
    0.1, every true track once, best pairs first), or a colour that no other track has. Masks of
    another size than the video's are reported and left out, or raise ValueError without `report`.
    """
    names = dataset.annotations.categories
    own = [one for one in results if one.video_id == video.id and score_of(one) >= min_score]
    own = [one for one in own if one.category_id in names]
    own = sorted(own, key=lambda one: -score_of(one))[:most]
    masks = [masks_of(one, video, report) for one in own]
    colours = matched_colours(masks, truth)
    labels = [f"{names[one.category_id].name} {score_of(one):.2f}" for one in own]
    return [
        DrawnTrack(label, mask, colour)
        for label, mask, colour in zip(labels, masks, colours, strict=True)
    ]


def masks_of(
    track: Track, video: Video, report: Report | None = None
) -> tuple[np.ndarray | None, ...]:
    """A mask (H, W) bool for each of the video's frames, None where there is no object.

    Raises ValueError for a broken mask; one of another size is reported and left out if `report`
    is given.
    """
    masks: list[np.ndarray | None] = [None] * video.length
    for t, segmentation in enumerate(track.segmentations[: video.length]):
        if is_missing(segmentation):
            continue
        place = f"{track.name}, frame {t}"
        try:
            masks[t] = decode(segmentation, video.height, video.width)
        except ValueError as error:
            if report is None or not isinstance(error, MaskSizeError):
                raise ValueError(f"{place}: {error}") from None
            report("mask of another size than its video", f"{place}: {error}")
    return tuple(masks)


def matched_colours(
    masks: Sequence[tuple[np.ndarray | None, ...]], truth: Sequence[DrawnTrack]
) -> list[Colour]:
    """A colour a predicted track: its true track's, or a new one."""
    overlaps = sorted(
        (
            (track_iou(one, true.masks), i, j)
            for i, one in enumerate(masks)
            for j, true in enumerate(truth)
        ),
        key=lambda item: (-item[0], item[1:]),
    )
    chosen: dict[int, Colour] = {}
    taken: set[int] = set()
    for overlap, i, j in overlaps:
        if overlap >= MIN_OVERLAP and i not in chosen and j not in taken:
            chosen[i] = truth[j].colour
            taken.add(j)
    return [chosen.get(i) or track_colour(len(truth) + i) for i in range(len(masks))]


def track_iou(one: Sequence[np.ndarray | None], other: Sequence[np.ndarray | None]) -> float:
    """Intersection over union, both summed over all frames; 0 for two empty tracks."""
    shared = union = 0
    for first, second in zip(one, other, strict=True):
        areas = [0 if mask is None else int(mask.sum()) for mask in (first, second)]
        both = 0 if first is None or second is None else int((first & second).sum())
        shared += both
        union += sum(areas) - both
    return shared / union if union else 0.0


def video_rows(
    pictures: dict[int, np.ndarray],
    rows: Mapping[str, Sequence[DrawnTrack]],
    cell_width: int = 240,
) -> np.ndarray:
    """(H, W, 3) block of one video: a row for each named set of tracks, a column a picture, which
    are given by their frames."""
    lines = []
    for name, tracks in rows.items():
        cells = [overlay(x, tracks, t, width=cell_width, boxes=False) for t, x in pictures.items()]
        lines.append(_line(name, cells))
    return np.concatenate(lines)


def _line(name: str, cells: list[np.ndarray]) -> np.ndarray:
    """Cells side by side under their name."""
    padded = [
        cv2.copyMakeBorder(c, 0, MARGIN, 0, MARGIN, cv2.BORDER_CONSTANT, value=PAPER) for c in cells
    ]
    return headed(name, np.concatenate(padded, axis=1))


def comparison_sheet(
    dataset: YouTubeVIS,
    results: Mapping[str, Sequence[Track]],
    videos: Sequence[Video],
    *,
    frames: int = 5,
    min_score: float = 0.3,
    cell_width: int = 240,
    report: Report | None = None,
) -> np.ndarray:
    """Ground truth and, by name, the results of runs on the same frames; videos below each other.

    `results` are predictions as `tpr.data.results` reads them; report: as in `predicted_tracks`.
    Videos may differ in size. Raises ValueError for a sheet that would be too large.
    """
    if not videos:
        raise ValueError("a contact sheet needs at least one video")
    check_sheet_size(videos, len(results) + 1, frames, cell_width)
    blocks = []
    for video in videos:
        # before any mask is decoded: masks of a size that no picture has may be huge
        pictures = {t: dataset.read_frame(video, t) for t in frame_choice(video, frames)}
        truth = true_tracks(dataset, video)
        annotated = truth or not results  # of a video without any tracks its pictures
        rows = {f"video {video.id}: ground truth": truth} if annotated else {}
        for name, found in results.items():
            with naming(name):
                rows[name] = predicted_tracks(
                    dataset, video, found, min_score=min_score, truth=truth, report=report
                )
        blocks.append(video_rows(pictures, rows, cell_width))
    width = max(block.shape[1] for block in blocks)
    padded = [_widen(block, width) for block in blocks]
    return np.concatenate(padded)


def _widen(block: np.ndarray, width: int) -> np.ndarray:
    extra = width - block.shape[1]
    return cv2.copyMakeBorder(block, 0, GAP, 0, extra, cv2.BORDER_CONSTANT, value=PAPER)


def check_sheet_size(videos: Sequence[Video], rows: int, frames: int, cell_width: int) -> None:
    """ValueError if a sheet of these rows a video would be too large, before it is drawn."""
    columns = max(len(frame_choice(video, frames)) for video in videos)
    cells = [max(1, round(video.height * cell_width / video.width)) for video in videos]
    height = sum(rows * (BAR + cell + MARGIN) + GAP for cell in cells)
    width = columns * (cell_width + MARGIN)
    if height * width > MOST_PIXELS:
        raise ValueError(
            f"the sheet would be {width} x {height} pixels, more than {MOST_PIXELS:,}: "
            "ask for fewer videos or frames, or a smaller --width"
        )


def frame_choice(video: Video, count: int) -> list[int]:
    """At most `count` frames that have an image, evenly spaced from first to last."""
    present = [t for t, name in enumerate(video.file_names) if name is not None]
    if not present:
        raise ValueError(f"video {video.id} has no image for any frame")
    places = np.linspace(0, len(present) - 1, min(count, len(present)))
    return [present[round(place)] for place in places]


def chosen_videos(dataset: YouTubeVIS, ids: Sequence[int], count: int) -> list[Video]:
    """The videos with these ids, or the first `count` of the data set."""
    known = {video.id: video for video in dataset.videos}
    unknown = [str(one) for one in ids if one not in known]
    if unknown:
        raise ValueError(f"{dataset.path}: no video {', '.join(unknown)}")
    return [known[one] for one in ids] or dataset.videos[:count]


@command
def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tpr.visualize", description=__doc__)
    parser.add_argument("dataset", type=Path, help="YouTube-VIS JSON file")
    parser.add_argument("frame_root", type=Path, help="folder that its file names are relative to")
    parser.add_argument("results", type=Path, nargs="*", help="results.json of one or more runs")
    parser.add_argument("--out", type=Path, required=True, help="picture to write: .png or .jpg")
    parser.add_argument("--video", type=int, nargs="*", default=[], help="ids; else the first ones")
    parser.add_argument("--videos", type=positive, default=4, help="how many of the first videos")
    parser.add_argument("--frames", type=positive, default=5, help="frames a video")
    parser.add_argument("--min-score", type=finite, default=0.3)
    parser.add_argument("--width", type=positive, default=240, help="pixels of one cell")
    add_follow_links(parser)
    options = parser.parse_args(arguments)
    write_sheet(options)
    print(printable(options.out))


def write_sheet(options: argparse.Namespace) -> None:
    """What the command line does: read, draw, write with a rename at the end."""
    root = options.frame_root
    dataset = YouTubeVIS(options.dataset, root, follow_links=options.follow_links)
    names = [name for video in dataset.videos for name in video.file_names if name is not None]
    check_outputs([options.out], [options.dataset, *options.results, *(root / x for x in names)])
    check_ending(options.out.suffix)
    tally = Tally()
    if not dataset.annotations.tracks:
        tally.add("data set without tracks", str(options.dataset))
    results = {
        str(path): read_results(path, dataset.annotations, tally.add) for path in options.results
    }
    videos = chosen_videos(dataset, options.video, options.videos)
    sheet = comparison_sheet(
        dataset,
        results,
        videos,
        frames=options.frames,
        min_score=options.min_score,
        cell_width=options.width,
        report=tally.add,
    )
    with replacing(options.out) as draft:
        draft.write_bytes(encode_image(sheet, options.out.suffix))
    for note in (*dataset.notes, *tally.notes()):
        say(f"note: {note.sentence}")
    if options.follow_links:
        shown = [v.file_names[t] for v in videos for t in frame_choice(v, options.frames)]
        for note in link_notes(root, shown):
            say(f"note: {note}")


if __name__ == "__main__":
    sys.exit(main())
