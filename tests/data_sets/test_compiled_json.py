"""What is compiled to read JSON says what Python's json says, or leaves the text to it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evaluation.test_compiled_masks import compiled_part
from tpr.data import json_input


@pytest.fixture(scope="module")
def loads(tmp_path_factory):
    return compiled_part("_json", tmp_path_factory.mktemp("build")).loads


def agree(loads, data: bytes) -> None:
    """Both say the same, or the compiled part says nothing."""
    found = loads(data)
    if found is not NotImplemented:
        expected = json.loads(data, object_pairs_hook=json_input._object)
        assert found == expected and repr(found) == repr(expected)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)
@given(values, st.sampled_from([None, 1]), st.booleans())
def test_what_python_writes(loads, value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    agree(loads, text.encode("utf-8", "surrogatepass"))


@settings(max_examples=500, deadline=None)
@given(st.text('{}[]",:\\/ \n0123456789.eE+-abnrtuflsN\x00\x1f\x7f\u00e9', max_size=16))
def test_any_text(loads, text):
    agree(loads, text.encode())


TRACKS = json.dumps(
    {"a": [{"id": 12, "score": -0.25e-3, "m": [None, {"size": [4, 5], "counts": 'a\\"/\n'}]}]}
)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(TRACKS)), st.integers(0, 4), st.text('{}[]",:\\ 01.e-u', max_size=2))
def test_damaged_tracks(loads, place, cut, insert):
    agree(loads, (TRACKS[:place] + insert + TRACKS[place + cut :]).encode())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (' {"a" : [ 1 , -2.5e1, "x\\\\\\"\\n" ] } \n', {"a": [1, -25.0, 'x\\"\n']}),
        ("-0", 0),
        ("999999999999999999", 999999999999999999),
        ("1e999", float("inf")),
        ("[" * 64 + "]" * 64, None),
        ("[[], {}, null, true, false]", [[], {}, None, True, False]),
    ],
)
def test_plain_text_is_read(loads, text, value):
    found = loads(text.encode())
    assert found is not NotImplemented and found == (json.loads(text) if value is None else value)


@pytest.mark.parametrize(
    "text",
    [
        b"", b" ", b"{", b"[1,]", b"[1 2]", b'{"a":1,}', b'{"a":1,"a":2}', b'{"a"}', b"01", b"1.",
        b"-", b"1e", b".5", b"+1", b"NaN", b"Infinity", b"nul", b"truee", b'"a', b'"\\', b'"\\"',
        b'"\\u0041"', b'"\xc3\xa9"', b'"\n"', b"[1]]", b"[1]\0", b"\0", b"1" * 19,
        b"[" * 65 + b"]" * 65,
        b"\xef\xbb\xbf1", "[1]".encode("utf-16"), "[1]".encode("utf-16-le"), b'"\\x"', b"{1:2}",
    ],
)  # fmt: skip
def test_everything_else_is_left_to_python(loads, text):
    assert loads(text) is NotImplemented


def test_a_file_is_read_alike_with_and_without_it(loads, monkeypatch):
    text = '{"videos": [], "n": 1.5, "é": "\\u00e9"}'.encode()
    plain = TRACKS.encode()
    monkeypatch.setattr(json_input, "compiled_part", None)
    expected = [json_input.parse_json(data, "x") for data in (text, plain)]
    monkeypatch.setattr(json_input, "compiled_part", type("", (), {"loads": staticmethod(loads)}))
    assert [json_input.parse_json(data, "x") for data in (text, plain)] == expected
    with pytest.raises(ValueError, match="the key 'a' twice"):
        json_input.parse_json(b'{"a": 1, "a": 2}', "x")
