"""Command line of the data tools: ``python -m tpr.data COMMAND ...`` (``-h`` after it for more)."""

import sys
from importlib import import_module

from tpr.command import command

COMMANDS = {
    "import": "tpr.data.import_command",  # your own annotations as a YouTube-VIS file
    "statistics": "tpr.footage.command",  # how much objects move, change and overlap
    "prepare": "tpr.data.preparing.prepare",  # check YouTube-VIS or OVIS and split it for training
}


@command
def main(arguments: list[str]) -> int:
    """Hands the arguments to the command's module; returns the exit status."""
    if not arguments or arguments[0] not in COMMANDS:
        print(f"usage: python -m tpr.data {{{','.join(COMMANDS)}}} ...", file=sys.stderr)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    return import_module(COMMANDS[arguments[0]]).main(arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
