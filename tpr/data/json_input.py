"""Reading JSON that people and other programs wrote: every defect becomes one clear line."""

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np


def read_json(path: str | os.PathLike) -> Any:
    """Content of a JSON file. FileNotFoundError or ValueError, naming the file."""
    path = Path(path)
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror or error})") from None
    except RecursionError:
        raise ValueError(f"{path}: not valid JSON (nested too deeply)") from None
    except ValueError as error:  # bad UTF-8, bad JSON, a NUL in the path, an absurdly long integer
        raise ValueError(f"{path}: not valid JSON ({error})") from None


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
    """An integer field (an id, a side); numpy integers pass, booleans and strings do not."""
    if key not in record:
        raise ValueError(f'{where}: "{key}" is missing')
    value = record[key]
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
    try:
        text = repr(value)
    except ValueError:  # Python prints no integer of over 4300 digits
        return "a huge integer"
    return text if len(text) <= 40 else text[:37] + "..."
