"""Your own annotations as a YouTube-VIS file, checked.

    python -m tpr.data import coco ANNOTATIONS.json --frames FOLDER --out OUT.json
    python -m tpr.data import mots ID_MAPS --frames FOLDER --out OUT.json
    python -m tpr.data import davis ID_MAPS --frames FOLDER --out OUT.json

coco: YouTube-VIS and OVIS files, or COCO-style ones with an entry an image (CocoVID, TAO). mots,
davis: folders with a PNG id map a frame. Pictures stay where they are, in FOLDER.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tpr.command import LONGEST, command
from tpr.data.frames import add_follow_links
from tpr.data.importing import FORMATS, imported
from tpr.files import check_outputs, replacing
from tpr.terminal import printable


@command
def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    categories = tuple(options.categories.split(",")) if options.categories else None
    record, notes = imported(
        options.format,
        options.source,
        options.frames,
        categories,
        follow_links=options.follow_links,
    )
    names = [name for video in record["videos"] for name in video["file_names"] if name]
    check_outputs([options.out], [options.source, *(options.frames / name for name in names)])
    with replacing(options.out) as draft:
        draft.write_text(json.dumps(record, separators=(",", ":")), encoding="utf-8")
    for note in notes:
        print(f"note: {printable(note, LONGEST)}", file=sys.stderr)
    frames = sum(video["length"] for video in record["videos"])
    print(
        f"{printable(options.out)}: {len(record['videos'])} videos, {frames} frames, "
        f"{len(record['annotations'])} tracks, {len(record['categories'])} categories"
    )


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tpr.data import",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("format", choices=sorted(FORMATS))
    parser.add_argument("source", type=Path, help="JSON file or folder of id maps")
    parser.add_argument("--frames", type=Path, required=True, help="folder of the pictures")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--categories", help="names for mots or davis, as car,pedestrian")
    add_follow_links(parser)
    return parser.parse_args(arguments)
