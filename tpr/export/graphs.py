"""Graphs of a frame's step: written to files, read back, and compared with the model."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor
from torch.export import ExportedProgram

from tpr.export.step import FrameStep

Inputs = Sequence[Tensor]
Run = Callable[[Inputs], list[Tensor]]
ONNX_PACKAGES = ("onnx", "onnxscript", "onnxruntime")


def exported(step: FrameStep, inputs: Inputs) -> ExportedProgram:
    """What `torch.export` makes of a step. ValueError where it cannot."""
    with told_in_a_line("torch.export"):
        return torch.export.export(step, tuple(inputs), strict=False)


def write_program(program: ExportedProgram, step: FrameStep, inputs: Inputs, path: Path) -> None:
    """Writes the program itself."""
    torch.export.save(program, path)


def write_onnx(program: ExportedProgram, step: FrameStep, inputs: Inputs, path: Path) -> None:
    """Writes it in ONNX. ValueError where packages are missing, or an operator in ONNX."""
    check_onnx()
    names = input_names(step)[: len(inputs)]
    outputs = list(step(*inputs))
    with told_in_a_line("ONNX"):
        # Runtimes optimise graphs as they load them; here it would take longer than all the rest.
        torch.onnx.export(
            program,
            tuple(inputs),
            path,
            input_names=names,
            output_names=outputs,
            external_data=False,
            optimize=False,
            verbose=False,
        )


def input_names(step: FrameStep) -> list[str]:
    """Of all that a step may take; a first frame's takes the picture alone."""
    return ["picture", *(f"previous_{name}" for name in step.previous)]


def check_onnx() -> None:
    missing = [name for name in ONNX_PACKAGES if find_spec(name) is None]
    if missing:
        raise ValueError(f"ONNX needs {', '.join(missing)}: pip install {' '.join(missing)}")


@contextmanager
def told_in_a_line(exporter: str) -> Iterator[None]:
    """What cannot be exported as a ValueError that names the operator, or whatever is told first.

    Exporters raise RuntimeErrors of many kinds, one because of the other, and print whole graphs.
    """
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")  # of the exporter's own insides
            yield
    except RuntimeError as error:
        first: BaseException = error
        while first.__cause__ is not None:
            first = first.__cause__
        words = str(first).strip() or type(first).__name__
        raise ValueError(f"{exporter} cannot take this model: {words.splitlines()[0]}") from error
    finally:
        logging.disable(logging.NOTSET)


def read_program(path: Path) -> Run:
    """A written program: inputs to outputs, in the order of the step's."""
    program = torch.export.load(path).module()
    return lambda inputs: list(program(*inputs).values())


def read_onnx(path: Path) -> Run:
    """A written ONNX graph, run by onnxruntime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]

    def run(inputs: Inputs) -> list[Tensor]:
        given = {name: x.numpy() for name, x in zip(names, inputs, strict=True)}
        return [torch.from_numpy(x) for x in session.run(None, given)]

    return run


def difference(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> float:
    """The largest difference between two lists of outputs, each as a share of its largest value;
    NaN where one has such numbers."""
    shares = []
    for x, y in zip(found, wanted, strict=True):
        if x.shape != y.shape:
            raise ValueError(f"an output of {tuple(x.shape)} where the model's is {tuple(y.shape)}")
        shares.append((x - y).abs().max() / y.abs().max().clamp(min=1e-6))
    return torch.stack(shares).max().item()


FORMATS = {"pt2": (write_program, read_program), "onnx": (write_onnx, read_onnx)}
