"""Average precision of video instance segmentation, as the YouTube-VIS and OVIS servers compute it.

    tpr-evaluate GT.json RESULTS.json
    tpr-evaluate GT.json A.json B.json --errors
    tpr-evaluate GT.json --compare A.json B.json [C.json ...] --plot gains.png --html report.html

Needs numpy and pycocotools only (--plot: matplotlib). Also `python -m tpr.evaluate`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from tpr.command import command, natural, say
from tpr.evaluation import evaluate
from tpr.evaluation.groups import RANGES
from tpr.evaluation.inputs import read_truth
from tpr.evaluation.output.page import as_page
from tpr.evaluation.output.per_video import as_csv
from tpr.evaluation.output.plot import check_plot, save_plot
from tpr.evaluation.output.report import MOST, Asked, report_of
from tpr.evaluation.output.tables import as_text
from tpr.files import check_outputs, write_atomically
from tpr.terminal import printable

T = TypeVar("T")
MOST_DRAWS = 20_000  # of 8 bytes a video each; more change no digit that is shown
PATIENCE = 1.0  # seconds before progress is told, and between two lines of it


@command
def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    outputs = [path for path in (options.plot, options.html, options.per_video) if path]
    check_outputs(outputs, [options.ground_truth, *options.files])
    if options.plot:
        check_plot(options.plot)
    truth, names = read_truth(options.ground_truth), [str(path) for path in options.files]
    with Progress() as progress:
        found = [
            evaluate(
                truth,
                name,
                class_agnostic=options.class_agnostic,
                groups=[kind for kind in RANGES if getattr(options, f"per_{kind}")],
                errors=options.errors,
                hota=options.hota,
                progress=partial(progress.tell, name),
            )
            for name in names
        ]
    asked = Asked(options.per_category, options.draws, options.seed)
    report = report_of(by_run(names, options), by_run(found, options), asked)
    if options.per_video:
        write_atomically(options.per_video, as_csv(names, found))
    if options.html:
        write_atomically(options.html, as_page(report, f"Evaluation on {options.ground_truth}"))
    if options.plot:
        save_plot(report, options.plot)
    for note in report["notes"]:
        say(f"note: {note}")
    print(json.dumps(report) if options.json else as_text(report))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tpr-evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("ground_truth", type=Path, metavar="GT.json", help="annotations")
    parser.add_argument(
        "results", type=Path, metavar="RESULTS.json", nargs="*", help="a results.json; or several"
    )
    parser.add_argument(
        "--compare", type=Path, nargs="+", default=[], metavar="FILE",
        help="further results, each minus the first one: differences with intervals",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", type=seeds, default=1, metavar="N",
        help="so many results after one another are one run: one of each seed",
    )  # fmt: skip
    parser.add_argument("--draws", type=draws, default=2000, help="of the bootstrap over videos")
    parser.add_argument("--seed", type=natural, default=0, help="of the bootstrap")
    parser.add_argument("--errors", action="store_true", help="AP lost to each kind of error, too")
    parser.add_argument("--hota", action="store_true", help="HOTA, DetA, AssA and IDF1, too")
    parser.add_argument("--per-category", action="store_true", help="AP of every category, too")
    for kind in RANGES:
        parser.add_argument(
            f"--per-{kind}", action="store_true", help=f"AP of true tracks by their {kind}, too"
        )
    parser.add_argument(
        "--class-agnostic", action="store_true", help="take all tracks for one category"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, in [0, 1]")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with all of it")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the differences")
    parser.add_argument("--per-video", type=Path, metavar="FILE.csv", help="a line a video")
    options = parser.parse_args(arguments)
    options.files = [*options.results, *options.compare]
    if not options.files:
        parser.error("no results were named")
    if len(options.files) % options.seeds:
        parser.error(f"{len(options.files)} results cannot be runs of {options.seeds} seeds each")
    runs = len(options.files) // options.seeds
    if options.compare and runs == 1:
        parser.error("--compare takes two files or more, or one beside RESULTS.json")
    if runs > MOST:
        parser.error(f"more than {MOST} results cannot be compared")
    if options.plot and runs == 1:
        parser.error("--plot draws differences: name results to --compare")
    if options.seeds > 1 and options.per_category:
        parser.error("--per-category takes runs of one seed")
    return options


def draws(text: str) -> int:
    return natural(text, 1, MOST_DRAWS)


def seeds(text: str) -> int:
    return natural(text, 1)


def by_run(every: Sequence[T], options: argparse.Namespace) -> list[Sequence[T]]:
    """What belongs to each file, by run."""
    return [every[at : at + options.seeds] for at in range(0, len(every), options.seeds)]


class Progress:
    """A line of the terminal that says how far an evaluation is, wiped in the end."""

    def __enter__(self) -> Progress:
        self.told, self.seen = time.monotonic(), False
        return self

    def tell(self, name: str, done: int, videos: int) -> None:
        if time.monotonic() - self.told > PATIENCE and sys.stderr.isatty():
            self.told, self.seen = time.monotonic(), True
            sys.stderr.write(f"\r\x1b[K{printable(name, 60)}: {done} of {videos} videos")
            sys.stderr.flush()

    def __exit__(self, *error: object) -> None:
        if self.seen:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
