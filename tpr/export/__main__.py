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
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from ..command import command
from ..data.transforms import resize_to_short_edge
from ..files import replacing
from ..models.trained import Trained, load_trained
from ..terminal import printable
from .detections import left_out
from .graphs import FORMATS, Inputs, check_onnx, difference, exported, input_names
from .sample import inputs_of
from .step import FrameStep

FRAMES = 10  # that a graph is compared on
LARGEST = 1e-3  # difference, as a share of an output's largest value
SHAPE = (1080, 1920)  # of the videos that --size is right for if it is not given


@command
def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    if options.onnx:
        check_onnx()
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
    if not re.fullmatch(r"[1-9]\d{0,4}x[1-9]\d{0,4}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is no HEIGHTxWIDTH, as 360x640")
    height, width = map(int, text.split("x"))
    return height, width


def network_size(size: tuple[int, int], settings: dict[str, Any]) -> tuple[int, int]:
    """The size to which test settings resize pictures of a video."""
    return resize_to_short_edge(size, settings["short_edge"], settings["longest"])


@torch.no_grad()
def export(
    trained: Trained, size: tuple[int, int], out: Path, formats: Sequence[str]
) -> Iterator[str]:
    """Writes the graphs of a model, and then model.json; says what was written."""
    model = trained.model.cpu()
    steps = {"first": FrameStep(model, trained.settings, first=True).eval()}
    if model.temporal is not None:
        steps["next"] = FrameStep(model, trained.settings, first=False).eval()
    inputs = inputs_of(steps, size, FRAMES)
    graphs = {}
    for name, step in steps.items():
        program = exported(step, inputs[name][0])
        wanted = [list(step(*one).values()) for one in inputs[name]]
        for kind in formats:
            write, read = FORMATS[kind]
            path = out / f"{name}.{kind}"
            with replacing(path) as draft:
                write(program, step, inputs[name][0], draft)
                run = read(draft)
                pairs = zip(inputs[name], wanted, strict=True)
                found = max(difference(run(x), y) for x, y in pairs)
                if found > LARGEST:
                    raise ValueError(f"{path}: differs from the model by {found:.1g}; not written")
            graphs[path.name] = described(step, inputs[name][0]) | {"difference": found}
            yield f"{path}: within {found:.1g} of the model on {FRAMES} frames"
    about = {
        "model": trained.name,
        "size": list(size),
        "categories": [category.name for category in trained.categories],
        "settings": trained.settings,
        "previous": steps["first"].previous if "next" in steps else [],
        "graphs": graphs,
        "left_out": left_out(model.head),
    }
    with replacing(out / "model.json") as draft:
        draft.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    yield f"left out: {about['left_out']}"


def described(step: FrameStep, inputs: Inputs) -> dict[str, Any]:
    """Names and shapes of inputs and outputs, in order."""
    given = {name: list(x.shape) for name, x in zip(input_names(step), inputs, strict=False)}
    return {
        "inputs": given,
        "outputs": {name: list(x.shape) for name, x in step(*inputs).items()},
    }


if __name__ == "__main__":
    sys.exit(main())
