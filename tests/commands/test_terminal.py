"""Names from files cannot act on the terminal that shows them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tpr.terminal import printable, several


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cat", "cat"),
        ("été 猫", "été 猫"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("a\u2028b\u202ec", "a\\u2028b\\u202ec"),
        ("\ud800", "\\ud800"),
        (7, "7"),
    ],
)
def test_what_acts_on_a_terminal_becomes_an_escape(text, shown):
    assert printable(text) == shown


def test_of_a_long_text_both_ends_stay():
    assert printable("begin" + "x" * 10_000 + "end.json", 20) == "beginxxxx...end.json"
    assert len(printable("\x1b" * 10_000)) == 200


@given(st.text(st.characters(codec=None), max_size=300), st.integers(10, 300))
def test_any_text_is_one_encodable_line_of_bounded_length(text, longest):
    shown = printable(text, longest)
    assert len(shown) <= longest and shown.isprintable()
    shown.encode()


def test_one_is_no_plural():
    assert [several(n, "frame") for n in (0, 1, 2)] == ["0 frames", "1 frame", "2 frames"]
    assert several(2, "category", "categories") == "2 categories"
