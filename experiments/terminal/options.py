"""The command-line options of ./run_all.sh."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from tpr.command import natural, positive
from tpr.terminal import printable

LARGEST_SEED = 2**32 - 1  # the largest that every library accepts
MOST_SEEDS = 200
LEAST = 5  # minutes a job must have: it is told to end 2 before its time is over


class Command(NamedTuple):
    """A word that may stand in place of the first target, what it does, and its options."""

    about: str
    options: tuple[str, ...]


COMMANDS = {
    "list": Command("Tables, runs and profiles.", ()),
    "status": Command(
        "Where the stages of the targets stand, on this machine or in Slurm.",
        ("profile", "seeds", "data", "launcher"),
    ),
    "1f": Command(
        "Counts parameters and multiply-accumulates of all full-size models.", ("dry_run",)
    ),
    "ship-weights": Command(
        "Copies the named runs' trained models into weights/ (of --seeds N, or else of the first "
        "seed that was trained), or without names all finished pretraining.",
        ("profile", "seeds", "data"),
    ),
    "ship-records": Command("Makes own records the shipped ones.", ("profile",)),
}


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    given = sys.argv[1:] if arguments is None else arguments
    first = next((word for word in given if not word.startswith("-")), "")
    command = COMMANDS.get(first)
    prog = f"./run_all.sh {first}" if command else "./run_all.sh"
    about = command.about if command else "Trains, evaluates and reports what the targets name."
    parser = argparse.ArgumentParser(prog=prog, description=about)
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help="tables, runs, all (default) or pretrain"
    )
    add = parser.add_argument
    add("--profile", default="mini", help="sizes and schedule (default mini)")
    add("--seeds", type=seed_list, help="as 0,1,2; default: the profile's")
    add("--launcher", choices=("local", "slurm"), default="local", help="where stages run")
    add("--workers", type=positive, help="processes at a time")
    add("--until-decided", action="store_true",
        help="seeds by the profile's plan, until the tables' claims are decided")  # fmt: skip
    add("--force", action="store_true", help="train and evaluate the targets again")
    add("--accept-code", action="store_true", help="keep what other code made, finished or begun")
    add("--dry-run", action="store_true", help="say what would run and why")
    add("--data-root", type=named, default=os.environ.get("TPR_DATA") or None,
        help="YouTube-VIS and public weights")  # fmt: skip
    add("--data", type=named, metavar="MY.yaml", help="your own data: a manifest, or NAME=FOLDER")
    add("--follow-links", action="store_true", default=bool(os.environ.get("TPR_FOLLOW_LINKS")),
        help="read pictures behind symbolic links that lead out of the data set")  # fmt: skip
    add("--official-val", action="store_true", help="train on all, write files for the server")
    trial = parser.add_argument_group("a trial: everything for real, but little of it")
    trial.add_argument("--limit-videos", type=positive, metavar="N", help="videos a split")
    trial.add_argument("--limit-frames", type=positive, metavar="N", help="frames a video")
    trial.add_argument("--max-iter", type=positive, metavar="N", help="iterations of a training")
    add_slurm(parser.add_argument_group("--launcher slurm"))
    if command:
        hide(parser, ("help", "targets", *command.options))
    return parser.parse_intermixed_args(arguments)


def hide(parser: argparse.ArgumentParser, shown: Sequence[str]) -> None:
    """Removes options from the help that have no effect on a command.

    They are still accepted, as users repeat a line with another command in front.
    """
    for action in parser._actions:
        if action.dest not in shown:
            action.help = argparse.SUPPRESS


def add_slurm(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--partition", help="where to submit (default: the cluster's)")
    add("--cpu-partition", metavar="PARTITION", help="for stages without a GPU (default: the same)")
    add("--account", help="to charge")
    add("--nodes", type=positive, default=1, help="of a training (default 1)")
    add("--gpus-per-node", type=natural, default=1, help="one process each; 0: on CPUs (default 1)")
    add("--cores-per-gpu", type=positive, default=8, metavar="N",
        help="CPU cores of a process with a GPU, whose loaders use them (default 8)")  # fmt: skip
    add("--time", type=minutes, default="24:00:00", help="limit of a job (default 24:00:00)")
    add("--sbatch", type=assignment, action="append", default=[], metavar="KEY=VALUE",
        help="any other option of sbatch, as qos=high; can be repeated")  # fmt: skip


def named(text: str) -> str:
    """Not empty, as a variable of the shell that is not set: other data would be taken."""
    if not text:
        raise argparse.ArgumentTypeError("names nothing: is a variable not set?")
    return text


def seed_list(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{shortly(text)} is not a list of seeds such as 0,1,2")
    if not all(len(part) < 11 and int(part) <= LARGEST_SEED for part in parts):
        raise argparse.ArgumentTypeError(f"{shortly(text)}: a seed is at most {LARGEST_SEED}")
    if len(set(parts)) > MOST_SEEDS:
        raise argparse.ArgumentTypeError(f"{len(parts)} seeds: at most {MOST_SEEDS} in one call")
    return sorted({int(part) for part in parts})


def shortly(text: str) -> str:
    return repr(printable(text, 40))


def minutes(text: str) -> int:
    """A time limit in Slurm's spellings (M, M:S, H:M:S, D-H[:M[:S]]) in minutes, rounded up."""
    days, dash, rest = text.rpartition("-")
    parts = rest.split(":")
    if not all(part.isdecimal() for part in [*parts, *([days] if dash else [])]) or len(parts) > 3:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time limit such as 1-12:00:00 or 90")
    units = (3600, 60, 1) if dash or len(parts) == 3 else (60, 1)
    seconds = sum(int(part) * unit for part, unit in zip(parts, units, strict=False))
    found = -(-(seconds + 86400 * int(days or 0)) // 60)
    if found < LEAST:
        raise argparse.ArgumentTypeError(
            f"{text!r} is less than {LEAST} minutes: nothing gets done"
        )
    return found


def assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.removeprefix("--").partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return name, value
