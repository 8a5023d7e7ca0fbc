"""Numbers as the pages print them, and text as it is compared."""

import math
import re
from datetime import datetime
from typing import Any

DASH, MINUS = "–", "−"
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def plain(text: str) -> str:
    """One space between words, none at the ends."""
    return " ".join(text.split())


def is_known(value: Any) -> bool:
    return value is not None and not math.isnan(value)


def fixed(value: float | None, digits: int = 1) -> str:
    """23.07 -> "23.1"."""
    if not is_known(value):
        return DASH
    text = format(value, f".{digits}f")
    return text.replace("-", "" if float(text) == 0 else MINUS)


def gain(value: float | None, digits: int = 1) -> str:
    """1.38 -> "+1.4"."""
    text = fixed(value, digits)
    return text if text[0] in DASH + MINUS else "+" + text


def chance(p: float | None) -> str:
    if p is None:
        return DASH
    if p < 0.001:
        return "< 0.001"
    return fixed(p, 3 if p < 0.01 else 2)


def time_taken(seconds: float | None) -> str:
    if not is_known(seconds):
        return DASH
    assert seconds is not None
    for unit, size, up_to, digits in (("s", 1, 100, 0), ("min", 60, 6000, 0), ("h", 3600, 0, 1)):
        if seconds < up_to or not up_to:
            return f"{seconds / size:.{digits}f} {unit}"
    raise AssertionError


def minute(moment: str | None) -> str:
    """ISO 8601 to the minute."""
    return DASH if moment is None else datetime.fromisoformat(moment).strftime("%Y-%m-%d %H:%M")


def machine(hardware: dict[str, Any] | None) -> str:
    if not hardware:
        return DASH
    parts = [hardware[one] for one in ("gpu", "cpu", "vectors") if hardware.get(one)]
    parts += [f"{hardware['cores']} cores"] if hardware.get("cores") else []
    parts += [f"{hardware['memory_gb']:.0f} GB"] if hardware.get("memory_gb") else []
    return ", ".join(parts)
