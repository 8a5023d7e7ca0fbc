"""Run-length encoded masks: strings to runs and back, checked before any C code sees them.

A mask of height h and width w is read column by column; its RLE is the list of run lengths
``[zeros, ones, zeros, ...]`` (the first may be 0) that sums to h*w. The compressed string is that
of COCO: each run, less the run two places before it from the fourth on, in groups of 5 bits, low
bits first, bit 5 = "more follows", offset 48. pycocotools reads and writes out of bounds on
malformed strings and merges wrongly past zero-length runs, so strings are decoded here, in numpy,
many at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pycocotools import mask as coco_mask

MAX_PIXELS = 2**28  # 16384 x 16384; run lengths and their differences then fit six groups of 5 bits
MAX_GROUPS = 6


class RLEError(ValueError):
    """A malformed RLE; ``index`` is its place in the list that was decoded."""

    def __init__(self, index: int, message: str):
        super().__init__(message)
        self.index = index


@dataclass(frozen=True)
class Runs:
    """Runs of n masks as rows (zeros, ones); mask i owns the rows starts[i]:starts[i+1]."""

    pairs: np.ndarray  # (rows, 2) int64
    starts: np.ndarray  # (n + 1,) int64
    areas: np.ndarray  # (n,) int64, pixels
    canonical: np.ndarray  # (n,) bool: no zero-length run but a leading one

    def counts(self, index: int) -> list[int]:
        """Canonical run lengths of mask ``index``."""
        rows = self.pairs[self.starts[index] : self.starts[index + 1]]
        return canonical_counts(rows.ravel().tolist())


def canonical_counts(counts: Sequence[int]) -> list[int]:
    """The same mask with no zero-length run but a leading one: neighbours of empty runs join."""
    runs: list[int] = [0]
    value = 0
    for place, length in enumerate(counts):
        if length == 0:
            continue
        if place % 2 == value:
            runs[-1] += length
        else:
            runs.append(length)
            value = 1 - value
    return runs


def check_size(height: int, width: int, index: int = 0) -> None:
    if height < 1 or width < 1 or height * width > MAX_PIXELS:
        raise RLEError(
            index, f"RLE size [{height}, {width}] is not [height, width] of 1 to 2^28 pixels"
        )


def decode_strings(strings: Sequence[bytes], sizes: Sequence[tuple[int, int]]) -> Runs:
    """Decode compressed RLE strings; ``sizes`` are their (height, width). Raises RLEError."""
    if not strings:
        return _runs(np.zeros((0, 2), np.int64), np.zeros(1, np.int64), np.zeros(0, bool))
    for index, ((height, width), string) in enumerate(zip(sizes, strings, strict=True)):
        check_size(height, width, index)
        if not string:
            raise RLEError(index, "RLE counts are an empty string")
    values, first = _read_groups(strings)
    pairs, starts = _undo_differences(values, first)
    return _checked(pairs, starts, np.diff(first), sizes)


def _read_groups(strings: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Signed numbers in all strings, and where each string's numbers begin, (n + 1,)."""
    symbols = np.frombuffer(b"".join(strings), np.uint8) - 48  # wraps around below '0'
    ends = np.cumsum([len(string) for string in strings])
    _raise_first(symbols > 63, ends, "RLE counts hold a character outside '0' to 'o'")
    _raise_first(symbols[ends - 1] >= 32, None, "RLE counts end in the middle of a number")
    last = np.flatnonzero(symbols < 32)  # the closing symbol of each number
    lengths = np.diff(last, prepend=-1)
    first = np.concatenate([[0], np.searchsorted(last, ends - 1) + 1])
    _raise_first(lengths > MAX_GROUPS, first[1:], "RLE counts hold a number of over 30 bits")
    tail = symbols[last].astype(np.int64)
    values = ((tail & 31) ^ 16) - 16  # bit 4 of the closing symbol is the sign
    for place in range(2, int(lengths.max()) + 1):
        longer = np.flatnonzero(lengths >= place)
        values[longer] = values[longer] * 32 + (symbols[last[longer] - place + 1] & 31)
    return values, first


def _undo_differences(values: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Differences to (zeros, ones) rows; an odd number of runs is filled up with ones = 0."""
    number = np.diff(first)
    starts = np.concatenate([[0], np.cumsum((number + 1) // 2)])
    shift = 2 * starts[:-1] - first[:-1]
    pairs = np.zeros((starts[-1], 2), np.int64)
    pairs.ravel()[np.arange(len(values)) + np.repeat(shift, number)] = values
    heads, rows = starts[:-1], np.diff(starts)
    leading = pairs[heads, 0].copy()
    pairs[heads, 0] = 0  # the third run is stored whole: the chain of zeros begins there
    total = np.cumsum(pairs, axis=0)
    before = np.concatenate([np.zeros((1, 2), np.int64), total])[heads]
    pairs = total - np.repeat(before, rows, axis=0)
    pairs[heads, 0] = leading
    pairs[starts[1:][number % 2 == 1] - 1, 1] = 0
    return pairs, starts


def _checked(pairs: np.ndarray, starts: np.ndarray, number: np.ndarray, sizes) -> Runs:
    _raise_first((pairs < 0).any(axis=1), starts[1:], "RLE counts hold a negative run length")
    heads = starts[:-1]
    covered = np.add.reduceat(pairs.sum(axis=1), heads)
    for index in np.flatnonzero(covered != [height * width for height, width in sizes])[:1]:
        raise RLEError(int(index), _wrong_sum(covered[index], *sizes[index]))
    empty = np.add.reduceat((pairs == 0).sum(axis=1), heads)
    return _runs(pairs, starts, empty == (pairs[heads, 0] == 0).astype(int) + number % 2)


def _runs(pairs: np.ndarray, starts: np.ndarray, canonical: np.ndarray) -> Runs:
    areas = np.add.reduceat(pairs[:, 1], starts[:-1]) if len(pairs) else np.zeros(0, np.int64)
    return Runs(pairs, starts, areas, canonical)


def _wrong_sum(covered: int, height: int, width: int) -> str:
    return f"RLE counts cover {covered} pixels, not {height * width} of size [{height}, {width}]"


def _raise_first(bad: np.ndarray, ends: np.ndarray | None, message: str) -> None:
    """Raise for the mask of the first True; mask i owns elements up to ends[i] (None: one each)."""
    if bad.any():
        place = int(bad.argmax())
        raise RLEError(
            place if ends is None else int(np.searchsorted(ends, place, "right")), message
        )


def check_counts(counts: Sequence[int], height: int, width: int) -> list[int]:
    """Canonical form of an uncompressed run list; RLEError unless it is integers summing to h*w."""
    check_size(height, width)
    if any(type(run) is not int and not isinstance(run, np.integer) for run in counts):
        raise RLEError(0, "RLE counts hold something that is not an integer")
    if any(run < 0 for run in counts):
        raise RLEError(0, "RLE counts hold a negative run length")
    if sum(counts) != height * width:
        raise RLEError(0, _wrong_sum(sum(counts), height, width))
    return canonical_counts([int(run) for run in counts])


def compress(counts: Sequence[int], height: int, width: int) -> bytes:
    """Compressed string of checked run lengths."""
    rle = {"size": [height, width], "counts": list(counts)}
    return coco_mask.frPyObjects(rle, height, width)["counts"]


def mask_from_counts(counts: Sequence[int], height: int, width: int) -> np.ndarray:
    """Checked run lengths to a (height, width) bool mask."""
    flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return np.ascontiguousarray(flat.reshape(width, height).T)


def encode(mask: np.ndarray) -> dict:
    """(H, W) mask (nonzero = object) to ``{"size": [H, W], "counts": str}``, JSON-ready."""
    if mask.ndim != 2:
        raise ValueError(f"a mask has 2 dimensions (height, width), not shape {mask.shape}")
    check_size(*mask.shape)
    rle = coco_mask.encode(np.asfortranarray(mask != 0, dtype=np.uint8))
    return {"size": [int(side) for side in rle["size"]], "counts": rle["counts"].decode("ascii")}
