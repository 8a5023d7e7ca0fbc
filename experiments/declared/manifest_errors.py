"""Messages on mistakes in a manifest: one line with file, line and the nearest valid name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tpr.terminal import printable

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
Step = str | int  # a key of a mapping, or an index of a list


class ManifestError(ValueError):
    """A mistake in a manifest, as one line for people."""


@dataclass(frozen=True)
class Source:
    """The file and line of each value of a manifest, by the path of keys and indices that leads to
    it.

    The path of a mapping's key is that of its value followed by "".
    """

    places: Mapping[tuple[Step, ...], str]

    def error(self, message: str, *steps: Step) -> ManifestError:
        """The error to raise for the value at the path `steps`."""
        return ManifestError(f"{self.places[steps]}: {message}")

    def check_name(self, name: str, known: Iterable[str], kind: str, *steps: Step) -> None:
        """Raises ManifestError, with the nearest known name, for one that is not known."""
        known = list(known)
        if name not in known:
            raise self.error(f"unknown {kind} {name!r}; {nearest(name, known)}", *steps)

    def check_file_name(self, name: str, kind: str, *steps: Step) -> None:
        """Raises ManifestError for a name that could not be a file's or leads to another one."""
        if not FILE_NAME.fullmatch(name):
            raise self.error(
                f"{kind} {printable(name, 60)!r} cannot name a file: use letters, digits, '.', "
                "'_', '+' and '-', a letter or digit first, 100 of them at most",
                *steps,
            )


MOST_NAMES = 10  # listed in one message


def nearest(name: str, known: Iterable[str]) -> str:
    """The names to suggest for an unknown one: the most similar, whatever its case, or all where
    they are few."""
    by_fold = {one.casefold(): one for one in sorted(known)}
    close = difflib.get_close_matches(name.casefold(), by_fold, 1, 0.4)
    if close:
        return f"did you mean {by_fold[close[0]]!r}?"
    names = list(by_fold.values())
    if len(names) > MOST_NAMES:
        return f"known: {', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"
    return f"known: {', '.join(names) or 'none'}"
