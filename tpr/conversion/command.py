"""`python -m tpr.checkpoint convert`: a public checkpoint into weights for fine-tuning."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from .. import checkpoint
from ..command import command
from ..models.build import BACKBONES, build_model, full_size
from ..terminal import printable
from . import METHODS, SOURCES
from .convert import Conversion, convert
from .files import read_state


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tpr.checkpoint", description=__doc__)
    convert_parser = parser.add_subparsers(dest="command", required=True).add_parser(
        "convert", help="convert a public checkpoint, and say what became of every key"
    )
    add = convert_parser.add_argument
    add("file", type=Path, help="the public checkpoint (.pth, .pt or .pkl)")
    add("--method", required=True, choices=sorted(SOURCES))
    add("--backbone", required=True, choices=sorted(BACKBONES))
    add("--classes", type=int, default=40, help="of our model; YouTube-VIS has 40")
    add("--p6-from", choices=("res5", "p5"), default="res5", help="which level P6 is made from")
    add("--out", type=Path, help="where to write our weights (FILE.converted.pt)")
    add("--partial", action="store_true", help="accept that keys are missing or unknown")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> None:
    """Converts and reports. Raises ValueError for a partial load that was not asked for."""
    theirs = read_state(options.file)
    torch.manual_seed(0)  # what is missing keeps its initial value
    method = METHODS.get(options.method, options.method)
    spec = full_size(method, options.backbone, p6_from=options.p6_from)
    done = convert(theirs, build_model(spec, options.classes), SOURCES[options.method])
    print("\n".join(map(printable, report(done))))
    if done.partial and not options.partial:
        raise ValueError(
            f"{options.file} fills the model only in part ({len(done.missing)} of its keys missing,"
            f" {len(done.unknown)} in the file unknown); --partial accepts that"
        )
    out = options.out or options.file.with_name(options.file.name + ".converted.pt")
    fresh = set(done.fresh)
    checkpoint.save({k: v for k, v in done.state.items() if k not in fresh}, out)
    print(f"written: {printable(out)}")


def report(done: Conversion) -> list[str]:
    """A line a key, and the counts."""
    lines = [f"used     {theirs} -> {ours}" for theirs, ours in done.used]
    lines += [f"skipped  {theirs}: {reason}" for theirs, reason in done.skipped]
    lines += [f"missing  {ours}: {reason}" for ours, reason in done.missing]
    lines += [f"fresh    {ours}: no part of an image model" for ours in done.fresh]
    names = ("used", "skipped", "missing", "fresh")
    return [*lines, ", ".join(f"{len(getattr(done, name))} {name}" for name in names)]


@command
def main(arguments: list[str] | None = None) -> None:
    run(parse(arguments))
