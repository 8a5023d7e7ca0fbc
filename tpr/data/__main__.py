"""Command line of the data tools: ``python -m tpr.data COMMAND ...`` (``-h`` after it for more)."""

import sys
from importlib import import_module

from tpr.command import command, say
from tpr.terminal import printable

COMMANDS = {  # name: module, and what it does
    "import": ("tpr.data.import_command", "your own annotations as a YouTube-VIS file"),
    "statistics": ("tpr.footage.command", "how much objects move, change and overlap"),
    "prepare": ("tpr.data.preparing.prepare", "check YouTube-VIS or OVIS, split it for training"),
}
USAGE = f"usage: python -m tpr.data {{{','.join(COMMANDS)}}} ..."


@command
def main(arguments: list[str]) -> int:
    """Hands the arguments to the command's module; returns the exit status."""
    chosen = arguments[0] if arguments else "--help"
    if chosen in ("-h", "--help"):
        lines = [f"  {name:12}{about}" for name, (_, about) in COMMANDS.items()]
        print("\n".join([USAGE, "", *lines, "", "COMMAND --help says more of one."]))
        return 0 if arguments else 2
    if chosen not in COMMANDS:
        say(f"error: unknown command {printable(chosen, 40)!r}; {USAGE}")
        return 2
    return import_module(COMMANDS[chosen][0]).main(arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
