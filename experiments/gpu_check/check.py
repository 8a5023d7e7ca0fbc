"""What a check of the GPU is: a question with the expected answer, and what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.gpu_check.bench import Bench

Numbers = dict[str, float]  # what a check measured, by name


@dataclass(frozen=True)
class Found:
    """text: what was found, in a line; fits: whether it is what was expected; numbers: of the
    record, by name."""

    text: str
    fits: bool
    numbers: Numbers = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """title and expected as they are printed; run(bench) finds the answer.

    only_real: why the check says nothing on a pretended GPU, None where it does.
    """

    title: str
    expected: str
    run: Callable[[Bench], Found]
    only_real: str | None = None


def told(error: Exception) -> str:
    """An error in a line."""
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
