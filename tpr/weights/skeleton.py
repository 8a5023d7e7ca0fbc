"""Unpickling that builds tensors, arrays and plain containers, and runs nothing else.

Checkpoints of training runs hold more than weights: schedulers, options, paths, NumPy scalars.
torch's `weights_only` refuses all of a file for one of them. Here whatever is no tensor becomes an
empty stand-in: no class is imported, no function of the file is called.
"""

from __future__ import annotations

import math
import pickle
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from tpr.terminal import printable

SLACK = 64 * 2**20  # bytes that a file may declare though it is smaller
# what only a file that attacks its reader names
CODE = re.compile(
    r"(os|posix|nt|sys|subprocess|shutil|socket|runpy|pty|ctypes|importlib|code|commands)\..*"
    r"|(builtins|__builtin__)\.(eval|exec|execfile|compile|open|__import__|input)"
)
STORAGES = {
    "Double": torch.float64,
    "Float": torch.float32,
    "Half": torch.float16,
    "BFloat16": torch.bfloat16,
    "Long": torch.int64,
    "Int": torch.int32,
    "Short": torch.int16,
    "Char": torch.int8,
    "Byte": torch.uint8,
    "Untyped": torch.uint8,
    "Bool": torch.bool,
    "ComplexFloat": torch.complex64,
    "ComplexDouble": torch.complex128,
}
QUANTISED = re.compile(r"torch\.(?:storage\.)?Q\w+Storage")
STORAGE = re.compile(rf"torch\.(?:cuda\.|storage\.)?({'|'.join(STORAGES)})Storage")


class Ignored(dict):
    """A placeholder for an object that is no tensor; `kind` is its class or function as the file
    names it.

    It is a dict, as mappings of other libraries keep their items in themselves.
    """

    kind = ""
    # found in sets by what it is: dict has no hash
    __hash__ = object.__hash__  # pyright: ignore[reportAssignmentType]
    __eq__ = object.__eq__

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def __setstate__(self, state: Any) -> None:
        """Attributes are ignored."""

    def append(self, value: Any) -> None:
        """Elements are ignored."""

    def extend(self, values: Any) -> None:
        """Elements are ignored."""


class Storage(NamedTuple):
    """Bytes (N,) uint8 that tensors share, and the type that they have by default."""

    data: Tensor
    dtype: torch.dtype


class Dtype:
    """numpy.dtype as pickles make it: a code as "f4", and an order as state."""

    def __init__(self, code: Any = "", *_: Any) -> None:
        self.code, self.order = str(code), "="

    def __setstate__(self, state: Sequence[Any]) -> None:
        self.order = str(state[1])

    def numeric(self) -> np.dtype | None:
        """None for texts, dates, records and Python objects."""
        known = re.fullmatch(r"[biufc]\d{1,2}", self.code) and self.order in "<>|="
        return np.dtype(self.order + self.code) if known else None


class Array:
    """numpy.ndarray: `values` is None where they are no numbers."""

    values: np.ndarray | None = None

    def __setstate__(self, state: Sequence[Any]) -> None:
        _, shape, dtype, fortran, raw = state
        self.fill(raw, dtype, shape, "F" if fortran else "C")

    def fill(self, raw: Any, dtype: Dtype, shape: Sequence[int], order: Literal["C", "F"]) -> Array:
        numeric = dtype.numeric()
        if numeric is not None:
            raw = raw.encode("latin1") if isinstance(raw, str) else raw  # Python 2's
            self.values = np.frombuffer(raw, numeric).reshape(shape, order=order)
        return self


# by the name in a file: what builds it here
BUILT: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": OrderedDict,
    "collections.Counter": OrderedDict,
    "collections.defaultdict": lambda *_: OrderedDict(),
    "_codecs.encode": lambda text, *_: text.encode("latin1"),  # bytes, in old protocols
    "builtins.bytes": lambda *_: b"",  # the empty ones
    "__builtin__.bytes": lambda *_: b"",
    "torch.Size": tuple,
    "torch._utils._rebuild_parameter": lambda data, *_: data,
    "torch._utils._rebuild_parameter_with_state": lambda data, *_: data,
    "torch._tensor._rebuild_from_type_v2": lambda rebuild, _, values, *__: rebuild(*values),
    "numpy.ndarray": Array,
    "numpy.dtype": Dtype,
    "numpy._core.multiarray._reconstruct": lambda *_: Array(),
    "numpy._core.numeric._frombuffer": lambda *values: Array().fill(*values[:4]),
}


class Skeleton(pickle._Unpickler):
    """One pickle of a file.

    The unpickler written in Python: the one in C makes a table as long as a file's largest memo
    index, which can be any. limit: bytes that a tensor may have; kinds: the names of all objects
    that were ignored.
    """

    def __init__(
        self, file: BinaryIO, limit: int, storage: Callable[[Any], Any] | None = None
    ) -> None:
        super().__init__(file, encoding="latin1")
        self.limit, self.storage = limit, storage
        self.kinds: dict[str, type[Ignored]] = {}
        self.built = BUILT | {
            "torch._utils._rebuild_tensor": self.tensor,
            "torch._utils._rebuild_tensor_v2": self.tensor,
            "torch._utils._rebuild_tensor_v3": self.typed_tensor,
        }

    def find_class(self, module: str, name: str) -> Any:
        """The placeholder or builder of a class or function; pickle.UnpicklingError for those that
        run code."""
        path = f"{module}.{name}"
        if CODE.fullmatch(path):
            raise pickle.UnpicklingError(f"it wants {printable(path)} to be run, as malware does")
        if found := STORAGE.fullmatch(path):
            return STORAGES[found[1]]
        if QUANTISED.fullmatch(path):
            raise pickle.UnpicklingError("quantised tensors: dequantize() them first")
        if module == "torch" and isinstance(vars(torch).get(name), torch.dtype):
            return vars(torch)[name]
        if own := self.built.get(path.replace("numpy.core.", "numpy._core.")):  # NumPy 1 and 2
            return own
        return self.kinds.setdefault(path, type("Ignored", (Ignored,), {"kind": path}))

    def persistent_load(self, pid: Any) -> Any:
        """A storage of torch."""
        if self.storage is None:
            raise pickle.UnpicklingError("a plain pickle with torch's storages")
        return self.storage(pid)

    def tensor(
        self, storage: Storage, offset: int, size: Sequence[int], stride: Sequence[int], *_: Any
    ) -> Tensor:
        return self.view(storage, storage.dtype, offset, size, stride)

    def typed_tensor(
        self,
        storage: Storage,
        offset: int,
        size: Sequence[int],
        stride: Sequence[int],
        _grad: bool,
        _hooks: Any,
        dtype: torch.dtype,
        *_: Any,
    ) -> Tensor:
        return self.view(storage, dtype, offset, size, stride)

    def view(
        self,
        storage: Storage,
        dtype: torch.dtype,
        offset: int,
        size: Sequence[int],
        stride: Sequence[int],
    ) -> Tensor:
        """A tensor on a storage; with strides of 0 a file may declare far more than it holds."""
        check_size(math.prod(size) * dtype.itemsize, self.limit, "a tensor")
        whole = len(storage.data) // dtype.itemsize * dtype.itemsize
        data = storage.data[:whole].view(dtype)
        return torch.as_strided(data, size, stride, data.storage_offset() + offset)


def check_size(declared: int, limit: int, what: str) -> None:
    """pickle.UnpicklingError where a file says that it holds more than it can."""
    if declared > limit:
        raise pickle.UnpicklingError(
            f"it declares {what} of {declared:,} bytes; the limit, by the file's size, is {limit:,}"
        )
