"""The command for public checkpoints: which there are, what a file is, and their conversion to our
weights.

list: the files that profile `full` starts from, with addresses and checksums. verify: names a file
by its checksum, says whether it is complete and how much of a model it fills. convert: makes
weights of ours from it, and reports on every key.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

import torch

from tpr.command import LONGEST, command, say, told
from tpr.files import check_outputs
from tpr.models.build import BACKBONES
from tpr.terminal import printable
from tpr.weights import checkpoint
from tpr.weights.conversion import SOURCES
from tpr.weights.conversion.convert import Conversion, convert
from tpr.weights.published import LOOKED_UP, PUBLISHED, Published
from tpr.weights.reading import read
from tpr.weights.states import find_state
from tpr.weights.verify import Target, check_filled, check_finite, checked, fit, held, report

MOST_CLASSES = 10_000


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tpr.checkpoint",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="the public files that profile full starts from")
    listing.add_argument("--json", action="store_true", help="as JSON")
    verifying = commands.add_parser("verify", help="say what files are, and how much they fill")
    verifying.add_argument("files", nargs="+", type=Path, metavar="FILE")
    converting = commands.add_parser(
        "convert", help="convert a public checkpoint, and say what became of every key"
    )
    add = converting.add_argument
    add("file", type=Path, help="the public checkpoint (.pth, .pt, .pkl or .safetensors)")
    add("--out", type=Path, help="where to write our weights (FILE.converted.pt)")
    add("--partial", action="store_true", help="accept that keys are missing or unknown")
    add("--part", help="which of several models in the file, as model_ema")
    add("--other-sum", action="store_true", help="accept another file under a published name")
    for one in (verifying, converting):
        known = "known for a file of the list"
        one.add_argument("--method", choices=sorted(SOURCES), help=f"whose names it has; {known}")
        one.add_argument("--backbone", choices=sorted(BACKBONES), help=known)
        one.add_argument(
            "--classes", type=classes, default=40, help="of our model; YouTube-VIS has 40"
        )
        one.add_argument(
            "--p6-from",
            choices=("res5", "p5"),
            default="res5",
            help="as p6_from in the profile: res5 as the TPR release, p5 as the public models",
        )
    return parser.parse_args(arguments)


def classes(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_CLASSES:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of classes, 1 to {MOST_CLASSES}")
    return int(text)


def asked(options: argparse.Namespace, published: Published | None) -> Target | None:
    """What a file is to be read as: by the options, else by the published file that it is."""
    method = options.method or (published and published.method)
    backbone = options.backbone or (published and published.backbone)
    if not (method and backbone):
        return None
    return Target(method, backbone, options.classes, options.p6_from)


def run_convert(options: argparse.Namespace) -> None:
    """Converts and reports. Raises ValueError for a partial load that was not asked for."""
    out = options.out or options.file.with_name(options.file.name + ".converted.pt")
    identity = checked(options.file, other_sum=options.other_sum)
    check_outputs([out], [options.file])
    one = None if identity.differs else identity.published
    if one and not one.method:
        raise ValueError(f"{options.file} is used as it is: {one.command()}")
    for name in ("method", "backbone"):
        if one and getattr(options, name) not in (None, getattr(one, name)):
            raise ValueError(f"{options.file} is {one.name}: leave out --{name}")
    target = asked(options, one)
    if target is None:
        raise ValueError(f"{options.file} is no file of the list: say --method and --backbone")
    torch.manual_seed(0)  # what is missing keeps its initial value
    content = read(options.file)
    state = find_state(content, options.file, target.known, options.part)
    done = convert(state.tensors, target.model(), target.source)
    print("\n".join([*each_key(done), held(state, content), fit(done, target)]))
    check_filled(options.file, done, target)
    check_finite(options.file, state, done)
    if done.partial and not options.partial:
        raise ValueError(
            f"{options.file} fills the model only in part ({len(done.missing)} of its keys missing,"
            f" {len(done.unknown)} in the file unknown); --partial accepts that"
        )
    fresh = set(done.fresh)
    checkpoint.save({k: v for k, v in done.state.items() if k not in fresh}, out)
    print(f"written: {printable(out)}")


def each_key(done: Conversion) -> list[str]:
    """A line for each key, and the counts."""
    lines = [f"used     {printable(theirs)} -> {ours}" for theirs, ours in done.used]
    lines += [f"skipped  {printable(theirs)}: {reason}" for theirs, reason in done.skipped]
    lines += [f"missing  {ours}: {reason}" for ours, reason in done.missing]
    lines += [f"fresh    {ours}: no part of an image model" for ours in done.fresh]
    names = ("used", "skipped", "missing", "fresh")
    return [*lines, ", ".join(f"{len(getattr(done, name))} {name}" for name in names)]


def run_verify(options: argparse.Namespace) -> None:
    """Reports on every file, also after one that cannot be used; then raises ValueError."""
    bad = 0
    for path in options.files:
        try:
            target = asked(options, None)
            lines = report(path, target, options.classes, options.p6_from)
            print("\n  ".join([printable(path), *lines]))
        except (ValueError, OSError) as error:
            if len(options.files) == 1:
                raise
            say(f"error: {printable(told(error), LONGEST)}")
            bad += 1
    if bad:
        raise ValueError(f"{bad} of {len(options.files)} files cannot be used")


def run_list(options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps([dataclasses.asdict(one) for one in PUBLISHED], indent=1))
        return
    for one in PUBLISHED:
        print(f"{one.target}: {one.name}" + ("" if one.default else " (not the profile's choice)"))
        size = "unknown" if one.size is None else f"{one.size:,} bytes"
        print(f"  from    {one.url}")
        print(f"  size    {size}, sha256 {one.sha256 or 'unknown'}")
        print(f"  says    {one.stated_by}, {LOOKED_UP}")
        print(f"  then    {one.command()}")
        print(f"  note    {one.note}")


@command
def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    {"list": run_list, "verify": run_verify, "convert": run_convert}[options.command](options)
