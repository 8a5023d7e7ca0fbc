"""Reading a checkpoint, whoever wrote it: torch.save's formats, pickles of arrays, safetensors.

Nothing in a file is run, and no more memory is taken than the file's own size (and SLACK).
"""

from __future__ import annotations

import io
import json
import math
import pickle
import zipfile
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

import torch
from torch import Tensor

from tpr.terminal import printable
from tpr.weights.file_kinds import kind_of
from tpr.weights.skeleton import SLACK, Ignored, Skeleton, Storage, check_size

MAGIC = 0x1950A86A20F9469CFC6C  # begins torch.save's files before 1.6
SAFETENSORS = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


class Content(NamedTuple):
    """What a file holds, and the kinds of objects in it that are no tensors and were ignored."""

    value: Any
    ignored: tuple[str, ...]


def read(path: Path) -> Content:
    """Raises FileNotFoundError, or ValueError with one line naming the file and what to do."""
    kind = kind_of(path)
    limit = max(path.stat().st_size, SLACK)
    readers = {"zip": read_zip, "pickle": read_pickle, "safetensors": read_safetensors}
    try:
        with path.open("rb") as file:
            content = readers[kind](file, limit)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is cut off or damaged ({error}): get it again") from error
    except EOFError as error:
        raise ValueError(f"{path} is cut off: get it again") from error
    except pickle.UnpicklingError as error:
        raise ValueError(f"{path} is not a readable checkpoint: {printable(error)}") from error
    except Exception as error:  # whatever a stranger's bytes make pickle, zlib or torch raise
        told = f"{type(error).__name__}: {printable(error)}"
        raise ValueError(f"{path} is not a readable checkpoint: damaged? ({told})") from error
    if isinstance(content.value, Ignored) and not content.value:
        raise ValueError(
            f"{path} holds a whole {printable(content.value.kind)}, which only its own code can "
            "load: save its state_dict() instead"
        )
    return content


def read_zip(file: BinaryIO, limit: int) -> Content:
    """torch.save's format since 1.6. Each record has a checksum, which is compared."""
    with zipfile.ZipFile(file) as archive:
        records = {info.filename: info for info in archive.infolist()}
        check_size(sum(x.file_size for x in records.values()), limit, "records")
        roots = [name.removesuffix("data.pkl") for name in records if name.endswith("/data.pkl")]
        if len(roots) != 1:
            raise pickle.UnpicklingError("a zip archive of other files: unpack it first")
        if f"{roots[0]}constants.pkl" in records:
            raise pickle.UnpicklingError("a TorchScript program: save its state_dict() instead")
        read_already: dict[str, Tensor] = {}

        def storage(pid: Any) -> Storage:
            _, dtype, key, _, numel = pid
            if key not in read_already:
                read_already[key] = read_record(archive, records[f"{roots[0]}data/{key}"])
            return part_of(read_already[key], dtype, 0, numel)

        with archive.open(f"{roots[0]}data.pkl") as pickled:
            return unpickled(pickled, limit, storage)


def read_record(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Tensor:
    data = torch.empty(info.file_size, dtype=torch.uint8)
    with archive.open(info) as record:
        if readinto(record, data) != info.file_size:
            raise EOFError
    return data


def readinto(file: IO[bytes], data: Tensor) -> int:
    """Fills uint8 (N,) with what a file has next; returns how many bytes that were."""
    assert isinstance(file, io.BufferedIOBase)
    return file.readinto(data.numpy().data)


def read_pickle(file: BinaryIO, limit: int) -> Content:
    """A pickle of arrays, or torch.save's format before 1.6: pickles and then the storages."""
    content = unpickled(file, limit, None)
    if content.value != MAGIC:
        return content
    for _ in range(2):  # the format's version, the machine
        unpickled(file, limit, None)
    storages: dict[str, Storage] = {}
    declared = 0

    def storage(pid: Any) -> Any:
        nonlocal declared
        what, dtype, key, *more = pid
        if what == "module":  # a whole model's class
            return dtype
        _, numel, view = more
        if key not in storages:
            declared += numel * dtype.itemsize
            check_size(declared, limit, "storages")
            storages[key] = Storage(torch.empty(numel * dtype.itemsize, dtype=torch.uint8), dtype)
        begin, length = view[1:] if view else (0, numel)
        return part_of(storages[key].data, dtype, begin, length)

    content = unpickled(file, limit, storage)
    for key in unpickled(file, limit, None).value:
        data, dtype = storages[key]
        numel = int.from_bytes(file.read(8), "little")
        if numel * dtype.itemsize != len(data) or readinto(file, data) != len(data):
            raise EOFError
    return content


def part_of(data: Tensor, dtype: torch.dtype, begin: int, length: int) -> Storage:
    """Elements of a storage; EOFError where they are not there."""
    size = dtype.itemsize
    if begin < 0 or length < 0 or (begin + length) * size > len(data):
        raise EOFError
    return Storage(data[begin * size : (begin + length) * size], dtype)


def unpickled(file: Any, limit: int, storage: Any) -> Content:
    reader = Skeleton(file, limit, storage)
    # pickle.dump of tensors keeps each storage as a file of torch.save's
    nested = {
        "torch.storage._load_from_bytes": lambda data: read_pickle(io.BytesIO(data), limit)[0]
    }
    reader.built |= nested
    return Content(reader.load(), tuple(reader.kinds))


def read_safetensors(file: BinaryIO, limit: int) -> Content:
    """A JSON header of names, types, shapes and places, and the tensors' bytes."""
    length = int.from_bytes(file.read(8), "little")
    header = json.loads(file.read(length))
    data = torch.frombuffer(bytearray(file.read() or b"\0"), dtype=torch.uint8)
    state = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        dtype, (begin, end) = SAFETENSORS[entry["dtype"]], entry["data_offsets"]
        if not 0 <= begin <= end <= len(data):
            raise EOFError
        check_size(math.prod(entry["shape"]) * dtype.itemsize, limit, "a tensor")
        state[name] = data[begin:end].clone().view(dtype).reshape(entry["shape"])
    return Content(state, ())
