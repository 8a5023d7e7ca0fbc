"""Reading JSON that people and other programs wrote: every defect becomes one clear line."""

import gc
import json
import math
import os
import reprlib
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tpr.file_heads import HEAD, other_kind
from tpr.terminal import printable

try:
    from tpr.data import _json as compiled_part
except ImportError:  # no compiler where this was installed, or a checkout
    compiled_part = None

BLANK = b" \t\r\n\xef\xbb\xbf"

# a path, or what would be read there
Source = str | os.PathLike[str] | dict[str, Any] | list[Any]


def load(source: Source) -> Any:
    """The content of a path; anything else as it is."""
    return read_json(source) if isinstance(source, str | os.PathLike) else source


@contextmanager
def naming(source: Source) -> Iterator[None]:
    """Lets the errors of what is read inside begin with the file's path, where it is one."""
    try:
        yield
    except ValueError as error:
        if isinstance(source, str | os.PathLike):
            raise ValueError(f"{source}: {error}") from None
        raise


def read_json(path: str | os.PathLike[str]) -> Any:
    """Content of a JSON file in UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

    An object with one key twice is refused: programs differ in which of the two they take.
    FileNotFoundError or ValueError, naming the file.
    """
    path = Path(path)
    return parse_json(_file_bytes(path), str(path))


def parse_json(data: bytes, name: str) -> Any:
    """As `read_json`, of a file's bytes; `name` begins the messages."""
    head = data[:HEAD]
    if len(data) < HEAD and not head.strip(BLANK):
        raise ValueError(f"{name}: not valid JSON (empty): copy or download it again")
    if other := other_kind(head):
        raise ValueError(f"{name}: {other.what}, not JSON: {other.fix}")
    try:
        with uncollected():
            found = compiled_part.loads(data) if compiled_part else NotImplemented
            if found is not NotImplemented:
                return found
            text = data.decode(json.detect_encoding(data), "surrogatepass")
            del data  # as large as what comes of it
            return json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError(f"{name}: not valid JSON (nested too deeply)") from None
    except ValueError as error:  # bad UTF-8, bad JSON, a key twice, an absurdly long integer
        raise ValueError(f"{name}: not valid JSON ({error}{_hint(head, error)})") from None
    except MemoryError:
        raise ValueError(f"{name}: does not fit into the memory") from None


def _hint(head: bytes, error: ValueError) -> str:
    """What usually makes such a file, for the end of a message."""
    if str(error).startswith("Extra data"):
        return ": JSON lines, or files joined? one value, such as a list of them, is wanted"
    if head[:1] == b"\x80" and head[1:2] in b"\2\3\4\5":
        return ": a pickle? write its content by json.dump"
    return ""


def _file_bytes(path: Path) -> bytes:
    """Of a regular file only: a pipe would be waited for, a device read for ever."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
            raise ValueError(f"{path}: cannot be read (is {kind}, not a file)")
        return path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror or error})") from None
    except MemoryError:
        raise ValueError(f"{path}: does not fit into the memory") from None


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the garbage collector, which would look through all that is read again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise ValueError(f"an object has the key {shown(twice)} twice")
    return found


def entries(record: dict, key: str, where: str) -> list[dict]:
    """The list of objects at ``key``; ``where`` begins the error message."""
    value = record.get(key)
    if not isinstance(value, list):
        raise ValueError(f'{where}: "{key}" is missing or not a list')
    for place, entry in enumerate(value):
        if not isinstance(entry, dict):
            raise ValueError(f'{where}: "{key}"[{place}] is not an object')
    return value


def integer(record: dict, key: str, where: str) -> int:
    """An integer field (an id, a side); numpy integers pass, and 3.0 as 3, which some programs
    write; booleans and strings do not."""
    if key not in record:
        raise ValueError(f'{where}: "{key}" is missing')
    value = record[key]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ValueError(f'{where}: "{key}" is {shown(value)}, not an integer')
    return int(value)


def number(record: dict, key: str, where: str) -> float:
    """A finite number as float."""
    if key not in record:
        raise ValueError(f'{where}: "{key}" is missing')
    value = record[key]
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise ValueError(f'{where}: "{key}" is {shown(value)}, not a number')
    try:
        result = float(value)
    except (OverflowError, TypeError):
        result = math.inf
    if not math.isfinite(result):
        raise ValueError(f'{where}: "{key}" is {shown(value)}, not a finite number')
    return result


def unique(ids: list[int], where: str) -> None:
    """ValueError naming the first id that occurs twice."""
    seen: set[int] = set()
    for one in ids:
        if one in seen:
            raise ValueError(f"{where} has id {shown(one)} twice")
        seen.add(one)


def shown(value: Any) -> str:
    """A value for an error message: short, on one line."""
    if type(value) is int and -(10**18) < value < 10**18:
        return str(value)  # as below, sooner: names of tracks have it
    try:
        return printable(_SHORT.repr(value), 40)
    except ValueError:  # Python prints no integer of over 4300 digits
        return "a huge integer"


_SHORT = reprlib.Repr()  # looks at the first few elements and levels only
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 40
