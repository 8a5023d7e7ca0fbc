"""A trained model's step of one frame as a graph, for torch.export or ONNX.

    python -m tpr.export mini/blendmask-r50+tpr --out exported --onnx

Writes first.pt2 (a video's first frame), next.pt2 (any other: it also takes the pyramid that the
frame before gave) and model.json, which names inputs and outputs; with --onnx both as .onnx, too.
Each file is read again and compared with the model on ten frames; one that differs is not written.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tpr.command import command
from tpr.extras import needed_packages

with needed_packages(__name__):
    import torch

    from tpr.data.transforms import resize_to_short_edge
    from tpr.export.detections import left_out
    from tpr.export.graphs import FORMATS, Inputs, check_onnx, difference, exported, input_names
    from tpr.export.sample import inputs_of
    from tpr.export.step import FrameStep
    from tpr.files import check_outputs
    from tpr.inference.trained import Trained, load_trained
    from tpr.terminal import printable

FRAMES = 10  # that a graph is compared on
LARGEST = 1e-3  # difference, as a share of an output's largest value
LEAST, MOST = 32, 4096  # pixels of a side
SHAPE = (1080, 1920)  # of the videos that --size is right for if it is not given


@command
def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    if options.onnx:
        check_onnx()
    written = [f"{name}.{kind}" for name in ("first", "next") for kind in FORMATS]
    check_outputs([options.out / name for name in ("model.json", *written)], [Path(options.model)])
    trained = load_trained(options.model)
    size = options.size or network_size(SHAPE, trained.settings)
    for line in export(trained, size, options.out, ["pt2", "onnx"][: 1 + options.onnx]):
        print(printable(line), flush=True)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tpr.export",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", help="name, or its JSON file")
    parser.add_argument("--out", type=Path, default=Path("exported"), help="folder to write to")
    parser.add_argument("--onnx", action="store_true", help="write ONNX, too")
    parser.add_argument(
        "--size", type=size_of, help="HEIGHTxWIDTH of pictures (the model's, of 16:9 videos)"
    )
    return parser.parse_args(arguments)


def size_of(text: str) -> tuple[int, int]:
    sides = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text, re.ASCII)
    if sides is None or not all(LEAST <= int(side) <= MOST for side in sides.groups()):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no HEIGHTxWIDTH, as 360x640, of {LEAST} to {MOST} pixels each"
        )
    height, width = map(int, sides.groups())
    return height, width


def network_size(size: tuple[int, int], settings: dict[str, Any]) -> tuple[int, int]:
    """The size to which test settings resize pictures of a video."""
    return resize_to_short_edge(size, settings["short_edge"], settings["longest"])


@torch.no_grad()
def export(
    trained: Trained, size: tuple[int, int], out: Path, formats: Sequence[str]
) -> Iterator[str]:
    """Writes the graphs of a model and model.json, all or none of them; says what was written."""
    model = trained.model.cpu()
    steps = {"first": FrameStep(model, trained.settings, first=True).eval()}
    if model.temporal is not None:
        steps["next"] = FrameStep(model, trained.settings, first=False).eval()
    inputs = inputs_of(steps, size, FRAMES)
    about = {
        "model": trained.name,
        "size": list(size),
        "categories": [category.name for category in trained.categories],
        "settings": trained.settings,
        "previous": steps["first"].previous if "next" in steps else [],
        "graphs": {},
        "left_out": left_out(model.head),
    }
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".draft.", dir=out) as folder:
        draft = Path(folder)
        for name, step in steps.items():
            for path, found in write(step, inputs[name], draft / name, formats):
                about["graphs"][path.name] = described(step, inputs[name][0], found)
                yield f"{out / path.name}: within {found:.1g} of the model on {FRAMES} frames"
        (draft / "model.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        for path in draft.iterdir():
            path.replace(out / path.name)
    yield f"left out: {about['left_out']}"


def write(
    step: FrameStep, inputs: Sequence[Inputs], path: Path, formats: Sequence[str]
) -> Iterator[tuple[Path, float]]:
    """Writes a step in every format, and compares each file with it: path and difference.

    ValueError where they differ.
    """
    program = exported(step, inputs[0])
    wanted = [list(step(*one).values()) for one in inputs]
    for kind in formats:
        to_file, from_file = FORMATS[kind]
        file = path.with_suffix(f".{kind}")
        to_file(program, step, inputs[0], file)
        run = from_file(file)
        found = max(difference(run(x), y) for x, y in zip(inputs, wanted, strict=True))
        if not found <= LARGEST:  # NaN, too
            raise ValueError(f"{file.name}: differs from the model by {found:.1g}; not written")
        yield file, found


def described(step: FrameStep, inputs: Inputs, found: float) -> dict[str, Any]:
    """Names and shapes of inputs and outputs, in order, and the difference from the model."""
    given = {name: list(x.shape) for name, x in zip(input_names(step), inputs, strict=False)}
    outputs = {name: list(x.shape) for name, x in step(*inputs).items()}
    return {"inputs": given, "outputs": outputs, "difference": found}


if __name__ == "__main__":
    sys.exit(main())
