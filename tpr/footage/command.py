"""How much the objects of annotated videos move, change and overlap.

    python -m tpr.data statistics TRAIN.json [OTHER.json ...]
    python -m tpr.data statistics ID_MAPS --format davis --frames FOLDER --every 4

Reads YouTube-VIS and OVIS files, and with --format what `import` reads. Displacements, scale and
deformation are those of an object from one frame to the next, as a network sees them: with frames
of --short-edge pixels, and objects on the levels that FCOS assigns them to by --ranges. Columns
hold the quartiles and the 90th percentile. Several files stand side by side.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from math import log
from pathlib import Path

from tpr.command import LONGEST, command, finite, positive, say
from tpr.data.formats.origin import Origin
from tpr.data.importing import FORMATS, imported
from tpr.files import check_outputs, write_atomically
from tpr.footage.measures import View
from tpr.footage.statistics import Statistics, statistics_of
from tpr.footage.table import as_text
from tpr.terminal import printable

# short edge -> upper bounds of the levels P3, P4, ...: the paper's, and those of the profile mini
RANGES = {360: (64.0, 128.0, 256.0, 512.0), 96: (24.0, 48.0, 96.0, 192.0)}


@command
def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    if options.json:
        check_outputs([options.json], options.sources)
    found = [of_source(source, options) for source in options.sources]
    if options.json:
        write_atomically(options.json, json.dumps({"data": found}, indent=1) + "\n")
    for one in found:
        for note in one["notes"]:
            say(f"note: {printable(note, LONGEST)}")
    print(as_text(found))


def of_source(source: Path, options: argparse.Namespace) -> Statistics:
    view = View(options.short_edge, options.ranges, options.every)
    if options.format is None:
        return statistics_of(source, view)
    origin = Origin(source, options.frames, None, keep_unlabelled=options.keep_unlabelled)
    record, notes = imported(options.format, origin)
    found = statistics_of(record, view, str(source))
    return {**found, "notes": [*notes, *found["notes"]]}


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tpr.data statistics",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("sources", type=Path, nargs="+", metavar="DATA", help="files, or what --format names")
    add("--short-edge", type=positive, default=360, metavar="N",
        help="of the frames as a network sees them, in pixels (360)")  # fmt: skip
    add("--ranges", type=ranges, metavar="A,B,...",
        help="upper bounds of FCOS's levels, in pixels (64,128,256,512; 24,48,96,192 for short "
        "edges nearer to 96 than to 360)")  # fmt: skip
    add("--every", type=positive, default=1, metavar="N", help="take each N-th frame only")
    add("--json", type=Path, metavar="FILE", help="write them as JSON, too")
    add("--format", choices=sorted(FORMATS), help="annotations of another kind")
    add("--frames", type=Path, help="folder of their pictures")
    add("--keep-unlabelled", action="store_true",
        help="with --format: keep frames that have no annotation")  # fmt: skip
    options = parser.parse_args(arguments)
    if (options.format is None) != (options.frames is None):
        parser.error("--format and --frames go together")
    if options.ranges is None:
        options.ranges = RANGES[min(RANGES, key=lambda edge: abs(log(options.short_edge / edge)))]
    return options


def ranges(text: str) -> tuple[float, ...]:
    """The type of --ranges: rising numbers above 0."""
    try:
        found = tuple(finite(part) for part in text.split(","))
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error}, as in 64,128,256,512") from None
    if found[0] <= 0 or list(found) != sorted(set(found)):
        raise argparse.ArgumentTypeError(f"{printable(text, 40)!r} does not rise from above 0")
    return found
