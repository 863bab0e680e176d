"""What JSON from outside is let in, and that everything else is a ValueError."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.json_body import MAX_DEPTH, MAX_IDS, MAX_NODES, ids_in, read_json


@pytest.mark.parametrize("value", [{}, [], "ü", 1, 1.5, None, True, {"a": [{"b": "😀"}]}, 2**70])
def test_ordinary_values_come_through(value):
    """Proper JSON is read as it was written."""
    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"a":1} x',
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b'"\xc3"',
        b"NaN",
        b"[Infinity]",
        b"1e999",
        b'{"a":1,"a":2}',
        b"9" * 5000,
        b"[" * 100_000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b"[" + b"{}," * MAX_NODES + b"{}]",
        b'"\\ud800"',
        b'{"\\udfff":1}',
        b'"\\u0000"',
        b'{"a\\u0000":1}',
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_odd_json_is_a_value_error(raw):
    """Wrong encoding, numbers, keys, depth, size or characters are refused with one kind of error."""
    with pytest.raises(ValueError):
        read_json(raw)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(raw):
    """Any bytes are a value or a ValueError."""
    try:
        read_json(raw)
    except ValueError:
        return


def test_a_long_trusted_answer_is_not_walked():
    """An answer of a vendor we called may be longer than a webhook, but is still bounded in depth."""
    assert len(read_json(b"[" + b"1," * MAX_NODES + b"1]", is_trusted=True)) == MAX_NODES + 1
    with pytest.raises(ValueError):
        read_json(b"[" * 100_000, is_trusted=True)


def test_ids_are_found_where_a_pattern_says():
    """Each once, in their order, and a few at most, whatever the bytes are."""
    pattern = re.compile(r"a([0-9]+)|b([0-9]+)")
    assert ids_in(b"\xff b2 a1 a1 b2", pattern) == ("2", "1")
    assert len(ids_in(b"".join(b"a%d " % number for number in range(50)), pattern)) == MAX_IDS
