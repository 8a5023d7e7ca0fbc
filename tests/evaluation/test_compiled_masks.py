"""What is compiled of the evaluator gives the numbers of its numpy, and reads what that reads."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import reference_loop
from benchmarks.evaluator import small_set
from tests.evaluation.test_video_ap import GOLDEN, cases, evaluate_case
from tpr.data.rle import RLEError, decode_strings
from tpr.evaluation import evaluate, masks

ROOT = Path(__file__).parents[2]


def compiled_part(name, folder):
    """A compiled part, built from this checkout's source in an empty folder."""
    build = ["setup.py", "--quiet", "build_ext", "--build-lib", folder, "--build-temp", folder]
    done = subprocess.run(
        [sys.executable, *build], cwd=ROOT, capture_output=True, text=True, check=False
    )
    libraries = [p for p in folder.rglob(f"{name}*") if p.suffix in (".so", ".pyd")]
    if not libraries:
        pytest.skip(f"no compiler: {done.stderr[-200:]}")
    spec = importlib.util.spec_from_file_location(name, libraries[0])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    return compiled_part("_masks", tmp_path_factory.mktemp("build"))


@pytest.fixture
def both(compiled, monkeypatch):
    """Calls a function with the compiled part and without."""

    def run(function, *arguments):
        found = []
        for part in (compiled, None):
            monkeypatch.setattr(masks, "compiled_part", part)
            found.append(function(*arguments))
        return found

    return run


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_cases_are_equal_to_the_last_bit(both, path):
    case = json.loads(path.read_text())
    for metrics in both(evaluate_case, case):
        assert metrics.stats == case["expected"]["stats"]
        for (video, category), iou in metrics.ious.items():
            np.testing.assert_array_equal(iou, case["expected"]["ious"][f"{video},{category}"])


@pytest.mark.parametrize("seed", range(0, 500, 20))
def test_random_sets_have_the_numbers_of_the_public_apis_loop(both, seed):
    """`python -m benchmarks.evaluator --sets 500` compares all of them."""
    truth, results = small_set(seed)
    expected = reference_loop.evaluate(truth, results)
    for metrics in both(evaluate, truth, results):
        assert metrics.stats == expected


@settings(max_examples=100, deadline=None)
@given(cases())
def test_random_cases_are_equal_to_the_last_bit(compiled, case):
    found = []
    for part in (compiled, None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(masks, "compiled_part", part)
            found.append(evaluate(case[0], case[1]))
    one, other = found
    assert one.stats == other.stats and one.notes == other.notes
    assert one.ious.keys() == other.ious.keys()
    assert all(np.array_equal(one.ious[key], other.ious[key]) for key in one.ious)


symbols = st.text("0123456789:;<=>?@MNOPQ_`abno", max_size=9) | st.text(max_size=4)
sizes = st.tuples(st.integers(1, 6), st.integers(1, 6))


@settings(max_examples=300, deadline=None)
@given(symbols, sizes)
def test_a_string_is_read_by_both_or_by_neither(compiled, text, size):
    read = compiled.read([[None, {"size": list(size), "counts": text}]])
    try:
        runs = decode_strings([text.encode("utf-8")], np.array([size]))
    except RLEError:
        assert read is None
        return
    (mask,) = np.frombuffer(read[0], masks.MASK)
    edges = np.frombuffer(read[1], np.int32)
    assert mask["area"] == runs.areas[0] and mask["frame"] == 1
    ends = np.cumsum(runs.counts(0))
    np.testing.assert_array_equal(edges, ends[: len(edges)])


@pytest.mark.parametrize("runs", [[0, 36], [36], [5, 0, 5, 1, 25], [0, 1, 34, 1], [0, 36, 0]])
def test_runs_of_no_length_are_read_by_both(compiled, runs):
    text = "".join(written(run - (runs[i - 2] if i > 2 else 0)) for i, run in enumerate(runs))
    string, as_list = (
        compiled.read([[{"size": [6, 6], "counts": counts}]]) for counts in (text, runs)
    )
    assert np.frombuffer(string[0], masks.MASK)["area"] == sum(runs[1::2])
    assert string == as_list


def written(number: int) -> str:
    """A number as a compressed string has it."""
    out = ""
    while True:
        group, number = number & 31, number >> 5
        more = number != (-1 if group & 16 else 0)
        out += chr(48 + group + 32 * more)
        if not more:
            return out


@pytest.mark.parametrize(
    "one",
    [
        [[0, 0, 1, 0, 1, 1]],
        {"size": [6, 6], "counts": [35]},
        {"size": [6, 6], "counts": [37, -1]},
        {"size": [6, 6], "counts": [35, True]},
        {"size": [6, 6], "counts": [10**30]},
        {"size": [6, 6], "counts": []},
        {"size": [6, 6], "counts": b"T1"},
        {"size": (6, 6), "counts": "T1"},
        {"size": [6, True], "counts": "T1"},
        {"size": [2**15, 2**15], "counts": "T1"},
        {"size": [10**30, 1], "counts": "T1"},
        {"counts": "T1"},
        {"size": [6, 6]},
        "T1",
        5,
    ],
)
def test_what_is_not_plain_is_left_to_python(compiled, one):
    assert compiled.read([[one]]) is None
    assert compiled.read([([],)]) is None  # a tuple


def test_what_means_no_object_is_none(compiled):
    assert compiled.read([[None, {}, []], []]) == (b"", b"")
