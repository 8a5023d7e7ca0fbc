"""Your own annotations as a YouTube-VIS file, checked.

    python -m tpr.data import coco ANNOTATIONS.json --frames FOLDER --out OUT.json
    python -m tpr.data import mots ID_MAPS --frames FOLDER --out OUT.json
    python -m tpr.data import davis ID_MAPS --frames FOLDER --out OUT.json
    python -m tpr.data import labelme JSON_FILES --frames FOLDER --out OUT.json
    python -m tpr.data import cvat EXPORT.xml --frames FOLDER --out OUT.json

coco: YouTube-VIS and OVIS files, or COCO-style ones with an entry an image (CocoVID, TAO). mots,
davis: folders with an id map a frame. labelme: folders with a JSON file a frame. cvat: XML files,
of videos or of images. Pictures stay where they are, in FOLDER.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tpr.command import LONGEST, command
from tpr.data.formats.origin import Origin
from tpr.data.frames import add_follow_links
from tpr.data.importing import FORMATS, imported
from tpr.files import check_outputs, replacing
from tpr.terminal import printable, several


@command
def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    origin = Origin(
        options.source,
        options.frames,
        options.categories,
        keep_unlabelled=options.keep_unlabelled,
        single_images=options.single_images,
    )
    record, notes = imported(options.format, origin, follow_links=options.follow_links)
    names = [name for video in record["videos"] for name in video["file_names"] if name]
    check_outputs([options.out], [options.source, *(options.frames / name for name in names)])
    with replacing(options.out) as draft:
        draft.write_text(json.dumps(record, separators=(",", ":")), encoding="utf-8")
    for note in notes:
        print(f"note: {printable(note, LONGEST)}", file=sys.stderr)
    frames = sum(video["length"] for video in record["videos"])
    print(
        f"{printable(options.out)}: {several(len(record['videos']), 'video')}, "
        f"{several(frames, 'frame')}, {several(len(record['annotations']), 'track')}, "
        f"{several(len(record['categories']), 'category', 'categories')}"
    )


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tpr.data import",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("format", choices=sorted(FORMATS))
    parser.add_argument("source", type=Path, help="file or folder of annotations")
    parser.add_argument("--frames", type=Path, required=True, help="folder of the pictures")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--categories", type=names, help="their names, as car,pedestrian")
    parser.add_argument(
        "--keep-unlabelled",
        action="store_true",
        help="keep frames that have no annotation, as frames without objects",
    )
    parser.add_argument(
        "--single-images",
        action="store_true",
        help="labelme, cvat, coco: every picture is a video of one frame, without tracks",
    )
    add_follow_links(parser)
    return parser.parse_args(arguments)


def names(text: str) -> tuple[str, ...]:
    """The type of --categories."""
    found = tuple(name.strip() for name in text.split(","))
    if not all(found) or len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"{text!r} has an empty name, or one twice")
    return found
