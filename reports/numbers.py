"""Numbers and names as people read them."""

import math
from datetime import datetime
from typing import Any

NOTHING = "–"
MINUS = "−"


def number(value: float | None, digits: int = 1) -> str:
    """33.84 -> "33.8", with a true minus sign; a dash for None and NaN."""
    if value is None or math.isnan(value):
        return NOTHING
    text = f"{value:.{digits}f}"
    is_zero = float(text) == 0
    return text.lstrip("-") if is_zero else text.replace("-", MINUS)


def signed(value: float | None, digits: int = 1) -> str:
    """1.4 -> '+1.4'."""
    text = number(value, digits)
    return text if text == NOTHING or text.startswith(MINUS) else f"+{text}"


def probability(p: float | None) -> str:
    """0.0312 -> '0.03', 0.0004 -> '< 0.001'."""
    if p is None:
        return NOTHING
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.01 else f"{p:.2f}"


def duration(seconds: float | None) -> str:
    """75 -> '75 s', 600 -> '10 min', 9000 -> '2.5 h'."""
    if seconds is None or math.isnan(seconds):
        return NOTHING
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def day(moment: str | None) -> str:
    """An ISO time or one in seconds -> '2026-11-22 19:20'; anything else unchanged."""
    try:
        return datetime.fromisoformat(str(moment)).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return NOTHING if moment is None else str(moment)


def short(key: str | None) -> str:
    """The first 12 characters of a key or fingerprint, as in folder names."""
    return str(key)[:12] if key else NOTHING


def machine(hardware: dict[str, Any] | None) -> str:
    """{'cpu': .., 'vectors': 'AVX2', 'cores': 2, 'memory_gb': 8} -> 'cpu, AVX2, 2 cores, 8 GB'."""
    if not hardware:
        return NOTHING
    parts = [str(hardware[name]) for name in ("gpu", "cpu", "vectors") if hardware.get(name)]
    if hardware.get("cores"):
        parts.append(f"{hardware['cores']} cores")
    if hardware.get("memory_gb"):
        parts.append(f"{float(hardware['memory_gb']):.0f} GB")
    return ", ".join(parts) or NOTHING
