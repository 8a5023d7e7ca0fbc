"""Which extra of the package brings what a command needs and is not installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

# by the names that are imported; numpy and pycocotools come with the package itself
EXTRAS = {
    "demo": "torch torchvision cv2 PIL av tqdm cloudpickle fvcore iopath omegaconf packaging "
    "tabulate termcolor yacs",
    "export": "onnx onnxscript onnxruntime",
    "suite": "scipy ptflops tensorboard yaml submitit pandas matplotlib jinja2 markdown",
}


@contextmanager
def needed_packages(module: str) -> Iterator[None]:
    """Around the imports of a command, whose `__name__` is given: where a package is missing,
    `python -m` ends in a line that says how it is installed. A mere import raises as ever."""
    try:
        yield
    except ModuleNotFoundError as error:
        line = missing(error)
        if module != "__main__" or line is None:
            raise
        raise SystemExit(f"error: {line}") from None


def tell_missing_packages() -> None:
    """In the `__init__` of a package all of whose modules need extras: as `needed_packages`, for
    whichever of them `python -m` runs."""
    if sys.argv[:1] != ["-m"]:  # which it is only while `python -m` looks for the module
        return
    untold = sys.excepthook

    def told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        line = missing(error) if isinstance(error, ModuleNotFoundError) else None
        if line is None:
            untold(kind, error, trace)
        else:
            print(f"error: {line}", file=sys.stderr)

    sys.excepthook = told


def missing(error: ModuleNotFoundError) -> str | None:
    """How the package is installed that was not found; None for one that is none of ours."""
    package = (error.name or "").partition(".")[0]
    if package == "detectron2":
        return "detectron2 is not installed: ./run_all.sh setup does it, or see docs/install.md"
    for extra, names in EXTRAS.items():
        if package in names.split():
            command = f"pip install '.[{extra}]' in a clone"
            return f"{package} is not installed: {command} (docs/install.md)"
    return None
