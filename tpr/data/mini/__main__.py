"""Command line: ``python -m tpr.data.mini --out DIR ...``, ``... sheet DIR --out sheet.png`` and
``... dose DIR --factor speed --values 0.5,1,2 --out DOSES``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from tpr.command import command, finite, natural, positive
from tpr.data.media.picture_writer import encode_image
from tpr.data.mini.doses import FACTORS
from tpr.data.mini.generate import generate, known_split
from tpr.data.mini.settings import Dose
from tpr.data.mini.sheet import sheet
from tpr.files import check_outputs, replacing
from tpr.progress_log import print_videos


def generate_command(arguments: list[str]) -> None:
    """Generate a data set."""
    parser = argparse.ArgumentParser(
        "python -m tpr.data.mini", description="Generate videos with masks."
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--seed", type=natural, default=0)
    parser.add_argument("--train", type=natural, default=300, help="training videos")
    parser.add_argument("--val", type=natural, default=200, help="validation videos")
    parser.add_argument("--images", type=natural, default=0, help="single images for pretraining")
    parser.add_argument("--severity", type=float, default=1.0, help="strength of the degradations")
    parser.add_argument("--workers", type=positive, default=1)
    args = parser.parse_args(arguments)
    counts = {"train": args.train, "val": args.val, "images": args.images}
    splits = {k: {"videos": n, "severity": args.severity} for k, n in counts.items() if n > 0}
    print(generate(args.out, splits, seed=args.seed, progress=print_videos, workers=args.workers))


def sheet_command(arguments: list[str]) -> None:
    """Draw a contact sheet."""
    parser = argparse.ArgumentParser(
        "python -m tpr.data.mini sheet", description="Draw a contact sheet."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="PNG file")
    parser.add_argument("--split", default="train")
    parser.add_argument("--first", type=natural, default=0)
    parser.add_argument("--rows", type=positive, default=8)
    parser.add_argument("--plain", action="store_true", help="without outlines")
    args = parser.parse_args(arguments)
    check_outputs([args.out], args.folder.rglob("*"))
    image = sheet(args.folder, args.split, args.first, args.rows, outlines=not args.plain)
    with replacing(args.out) as draft:
        draft.write_bytes(encode_image(image, args.out.suffix))


def dose_command(arguments: list[str]) -> None:
    """Render the videos of a data set again, one factor changed."""
    parser = argparse.ArgumentParser(
        "python -m tpr.data.mini dose",
        description="Render generated videos again with one factor changed and all else equal.",
    )
    parser.add_argument("data", type=Path, help="folder of a generated data set")
    parser.add_argument("--factor", choices=sorted(FACTORS), required=True)
    parser.add_argument("--values", type=values, required=True, metavar="A,B,...")
    parser.add_argument("--out", type=Path, required=True, help="folder of a data set for each")
    parser.add_argument("--split", default="val")
    parser.add_argument("--videos", type=positive, help="so many of the first ones")
    parser.add_argument("--workers", type=positive, default=1)
    args = parser.parse_args(arguments)
    seed, settings = known_split(args.data, args.split)
    if args.videos:
        settings = replace(settings, videos=min(args.videos, settings.videos))
    for text, value in args.values.items():
        split = replace(settings, dose=Dose(args.factor, value))
        folder = args.out / f"{args.factor}-{text}"
        print(folder, generate(folder, {args.split: split}, seed=seed, workers=args.workers))


def values(text: str) -> dict[str, float]:
    """The type of --values: numbers by how they were written, which folders are named by."""
    return {part.strip(): finite(part) for part in text.split(",")}


@command
def main(arguments: list[str]) -> None:
    """Runs a command."""
    if arguments[:1] == ["sheet"]:
        sheet_command(arguments[1:])
    elif arguments[:1] == ["dose"]:
        dose_command(arguments[1:])
    else:
        generate_command(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
