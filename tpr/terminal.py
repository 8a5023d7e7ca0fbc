"""Text from files and users, escaped and shortened to fit on one line of a terminal."""

from __future__ import annotations

LONGEST = 200  # characters of a name


def printable(text: object, longest: int = LONGEST) -> str:
    """The text on one line of at most `longest` characters.

    What would move the cursor, break the line or cannot be encoded (control characters, line
    separators, marks of writing direction, lone surrogates) becomes a backslash escape; of what is
    too long the middle is left out, so that the end of a path stays.
    """
    line = str(text)
    if len(line) > longest:  # before escaping: ten million characters are not looked at
        line = _shortened(line, longest)
    return _shortened("".join(map(_escaped, line)), longest)


def several(count: int, one: str, many: str = "") -> str:
    """As "1 frame", "2 frames"; many: the plural where it is not `one` with an s."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def _escaped(character: str) -> str:
    escape = character.encode("unicode_escape").decode("ascii")
    return character if character.isprintable() else escape


def _shortened(line: str, longest: int) -> str:
    if len(line) <= longest:
        return line
    kept = longest - 3
    return f"{line[: kept - kept // 2]}...{line[len(line) - kept // 2 :]}"
