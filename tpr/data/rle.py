"""Run-length encoded masks: strings to runs and back, checked before any C code sees them.

A mask of height h and width w is read column by column; its RLE is the list of run lengths
``[zeros, ones, zeros, ...]`` (the first may be 0) that sums to h*w. The compressed string is that
of COCO: each run, less the run two places before it from the fourth on, in groups of 5 bits, low
bits first, bit 5 = "more follows", offset 48. pycocotools reads and writes out of bounds on
malformed strings and merges wrongly past zero-length runs, so strings are decoded here, in numpy,
many at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, SupportsInt

import numpy as np
from pycocotools import mask as coco_mask

from tpr.data.json_input import shown

MAX_PIXELS = 2**28  # 16384 x 16384; run lengths and their differences then fit six groups of 5 bits
MAX_GROUPS = 6
STRANGE = (
    "RLE counts hold a character outside '0' to 'o' (str() of bytes writes b'...': counts.decode() "
    "is wanted)"
)
Sizes = Sequence[Sequence[int]] | np.ndarray  # of n masks, (n, 2)
BLOCK = 2**17  # symbols decoded at a time, to bound the temporary arrays


class RLEError(ValueError):
    """A malformed RLE; ``index`` is its place in the list that was decoded."""

    def __init__(self, index: int, message: str):
        super().__init__(message)
        self.index = index


@dataclass(frozen=True)
class Runs:
    """Runs of n masks, zeros and ones in turn; mask i owns lengths[starts[i]:starts[i+1]]."""

    lengths: np.ndarray  # int32, an even number a mask: the last is 0 where its runs are odd
    starts: np.ndarray  # (n + 1,) int64, even
    areas: np.ndarray  # (n,) int64, pixels

    def counts(self, index: int) -> np.ndarray:
        """Run lengths of mask ``index``, zeros first."""
        return self.lengths[self.starts[index] : self.starts[index + 1]]


def check_size(height: int, width: int) -> None:
    """ValueError unless the size is that of 1 to MAX_PIXELS pixels."""
    if height < 1 or width < 1 or height * width > MAX_PIXELS:
        height, width = shown(height), shown(width)  # pyright: ignore[reportAssignmentType]: for the message
        raise ValueError(f"RLE size [{height}, {width}] is not [height, width] of 1 to 2^28 pixels")


def decode_strings(strings: Sequence[bytes], sizes: Sizes) -> Runs:
    """Decode compressed RLE strings of checked sizes (height, width). Raises RLEError."""
    if b"" in strings:
        raise RLEError(strings.index(b""), "RLE counts are an empty string")
    parts = []
    for start, end in _blocks(strings):
        try:
            parts.append(_decode_block(strings[start:end], sizes[start:end]))
        except RLEError as error:
            raise RLEError(start + error.index, str(error)) from None
    return parts[0] if len(parts) == 1 else _joined(parts)


def _joined(parts: Sequence[Runs]) -> Runs:
    nothing = np.zeros(0, np.int64)
    sizes = np.concatenate([nothing, *(np.diff(part.starts) for part in parts)])
    return Runs(
        np.concatenate([nothing.astype(np.int32), *(part.lengths for part in parts)]),
        np.concatenate([[0], np.cumsum(sizes)]),
        np.concatenate([nothing, *(part.areas for part in parts)]),
    )


def _blocks(strings: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Index ranges of about BLOCK symbols, to bound the temporary arrays."""
    block = np.cumsum([0, *map(len, strings)])[1:] // BLOCK
    cuts = np.flatnonzero(np.diff(block)) + 1
    return pairwise([0, *cuts.tolist(), len(strings)] if len(strings) else [])


def _decode_block(strings: Sequence[bytes], sizes: Sizes) -> Runs:
    return _checked(*_undo_differences(*_read_numbers(strings)), np.array(sizes))


def _read_numbers(strings: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Signed numbers of all strings, and how many each string has, (n,).

    A string of an odd number of numbers has a 0 more, which the second does not count: all begin at
    even places, so that zeros and ones of all masks can be told apart by slicing.
    """
    symbols = np.frombuffer(b"0".join([*strings, b""]), np.uint8) - 48  # wraps around below '0'
    spare = np.cumsum([len(string) + 1 for string in strings]) - 1  # places of the "0"s between
    if symbols.max() > 63:
        _raise_first(symbols > 63, spare, STRANGE)
    below = symbols > 31  # not the last group of its number
    _raise_first(below[spare - 1], None, "RLE counts end in the middle of a number")
    lower = np.flatnonzero(below)
    ends = spare - np.searchsorted(lower, spare)  # numbers before each spare, earlier spares too
    number = np.diff(ends, prepend=-1) - 1
    kept = ~below
    kept[spare[number % 2 == 0]] = False
    return _values(symbols, lower[kept[lower + 1]] + 1, spare)[kept], number


def _values(symbols: np.ndarray, long: np.ndarray, spare: np.ndarray) -> np.ndarray:
    """For each symbol the int32 number that ends there, if one does.

    ``long``: the ends of numbers with more than one group, which are few.
    """
    values = ((symbols ^ 16).view(np.int8) - 16).astype(np.int32)  # bit 4 of the last: the sign
    for distance in range(1, MAX_GROUPS):
        if not len(long):
            break
        values[long] = (values[long] << 5) + (symbols[long - distance] & 31)
        long = long[symbols[long - distance - 1] > 31]  # place -1 is a spare
    if len(long):
        index = int(np.searchsorted(spare, long[0]))
        raise RLEError(index, "RLE counts hold a number of over 30 bits")
    return values


def _undo_differences(values: np.ndarray, number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Stored numbers, int32, to lengths and starts as in ``Runs``; changes ``values``.

    A run of zeros and the ones after it are summed as one 64-bit number. Its upper half is exact
    while the lower one, the zeros, is not negative; a sum beyond 2^31 reads as negative, as no
    difference is long enough to jump over that half of the numbers.
    """
    starts = np.concatenate([[0], np.cumsum((number + 1) // 2)])
    heads = starts[:-1]
    zeros, ones = values[0::2], values[1::2]
    leading = zeros[heads]
    zeros[heads] = 0  # the third run is stored whole: the chain of zeros begins there
    ones -= zeros < 0  # as in adding signed numbers: the sign of the lower half borrows
    pairs = values.view(np.int64)  # the lower half comes first on every machine of today
    pairs[heads[1:]] -= np.add.reduceat(pairs, heads)[:-1]  # sums begin anew at every mask
    lengths = np.cumsum(pairs).view(np.int32)
    lengths[2 * heads] = leading
    lengths[2 * starts[1:][number % 2 == 1] - 1] = 0
    return lengths, 2 * starts


def _checked(lengths: np.ndarray, starts: np.ndarray, sizes: np.ndarray) -> Runs:
    if lengths.min() < 0:
        _raise_first(
            lengths < 0, starts[1:], "RLE counts hold a negative run length, or one of 2^31 or more"
        )
    pairs = starts[:-1] // 2
    areas = np.add.reduceat(lengths[1::2], pairs, dtype=np.int64)
    covered = areas + np.add.reduceat(lengths[0::2], pairs, dtype=np.int64)
    for index in np.flatnonzero(covered != sizes[:, 0] * sizes[:, 1])[:1]:
        raise RLEError(int(index), _wrong_sum(covered[index], *sizes[index]))
    return Runs(lengths, starts, areas)


def _wrong_sum(covered: SupportsInt, height: int, width: int) -> str:
    total = shown(int(covered))
    return f"RLE counts cover {total} pixels, not {height * width} of size [{height}, {width}]"


def _raise_first(bad: np.ndarray, ends: np.ndarray | None, message: str) -> None:
    """Raise for the mask of the first True; mask i owns elements up to ends[i] (None: one each)."""
    if bad.any():
        place = int(bad.argmax())
        raise RLEError(
            place if ends is None else int(np.searchsorted(ends, place, "right")), message
        )


def check_counts(counts: Sequence[int], height: int, width: int) -> None:
    """ValueError unless an uncompressed run list is integers that sum to height * width."""
    check_size(height, width)
    if not {*map(type, counts)} <= {int}:
        raise ValueError("RLE counts hold something that is not an integer")
    if min(counts, default=0) < 0:
        raise ValueError("RLE counts hold a negative run length")
    if sum(counts) != height * width:
        raise ValueError(_wrong_sum(sum(counts), height, width))


def compress(counts: Sequence[int], height: int, width: int) -> bytes:
    """Compressed string of checked run lengths."""
    rle = {"size": [height, width], "counts": list(counts)}
    # pycocotools takes runs in a dictionary, which its stubs do not know, and gives bytes
    return coco_mask.frPyObjects(  # pyright: ignore[reportCallIssue]
        rle,  # pyright: ignore[reportArgumentType]
        height,
        width,
    )["counts"]


def mask_from_counts(counts: Sequence[int] | np.ndarray, height: int, width: int) -> np.ndarray:
    """Checked run lengths to a (height, width) bool mask."""
    flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return np.ascontiguousarray(flat.reshape(width, height).T)


def encode(mask: np.ndarray) -> dict[str, Any]:
    """(H, W) mask (nonzero = object) to ``{"size": [H, W], "counts": str}``, JSON-ready."""
    if mask.ndim != 2:
        raise ValueError(f"a mask has 2 dimensions (height, width), not shape {mask.shape}")
    check_size(*mask.shape)
    rle = coco_mask.encode(np.asfortranarray(mask != 0, dtype=np.uint8))
    return {
        "size": [int(side) for side in rle["size"]],
        # bytes, where pycocotools' stubs allow str
        "counts": rle["counts"].decode("ascii"),  # pyright: ignore[reportAttributeAccessIssue]
    }
