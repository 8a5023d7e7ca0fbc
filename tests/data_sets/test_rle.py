"""Run lengths: any mask survives encoding, and many strings are decoded at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tpr.data.rle import RLEError, decode_strings, encode
from tpr.data.segmentation import decode

masks = arrays.arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 40)))


@settings(max_examples=100, deadline=None)
@given(st.lists(masks, min_size=1, max_size=4))
def test_encoding_and_decoding_gives_the_mask_back(batch):
    rles = [encode(mask) for mask in batch]
    for mask, rle in zip(batch, rles, strict=True):
        np.testing.assert_array_equal(decode(rle, *mask.shape), mask)
    runs = decode_strings([r["counts"].encode() for r in rles], [r["size"] for r in rles])
    assert runs.areas.tolist() == [mask.sum() for mask in batch]


def test_large_masks_and_many_blocks():
    rng = np.random.default_rng(0)
    batch = [rng.random((300, 400)) < share for share in (0.1, 0.5, 0.9, 0, 1)]
    rles = [encode(mask) for mask in batch]
    assert sum(len(rle["counts"]) for rle in rles) > 2**16
    runs = decode_strings([r["counts"].encode() for r in rles], [r["size"] for r in rles])
    assert runs.areas.tolist() == [mask.sum() for mask in batch]
    with pytest.raises(RLEError) as caught:
        strings = [r["counts"].encode() for r in rles[:4]] + [b"5"]
        decode_strings(strings, [(300, 400)] * 5)
    assert caught.value.index == 4


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 2**20), min_size=1, max_size=12))
def test_long_runs_are_decoded(counts):
    """Against a literal encoder: numbers of one to five groups, empty runs included."""
    counts[0] += sum(counts) == 0
    runs = decode_strings([literal_string(counts)], [(1, sum(counts))])
    decoded = runs.counts(0).tolist()
    assert decoded[: len(counts)] == counts and sum(decoded[len(counts) :]) == 0


def literal_string(counts: list[int]) -> bytes:
    symbols = bytearray()
    for place, count in enumerate(counts):
        number = count - counts[place - 2] if place > 2 else count
        while not -16 <= number < 16:
            symbols.append(48 + 32 + (number & 31))
            number >>= 5
        symbols.append(48 + (number & 31))
    return bytes(symbols)
