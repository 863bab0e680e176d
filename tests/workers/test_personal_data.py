"""workers.personal_data: spans of personal data, the more certain kind first, never overlapping."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.personal_data import find_personal_data

FOUND = [
    ("Mail a@x.example from 203.0.113.7", ["email", "ip"]),
    ("SSN 536-22-1234, card 4111 1111 1111 1111", ["national-id", "card"]),
    ("https://anna:pw123456@x.example/?token=abcdef12345", ["token", "token"]),
    ("Name: Anna Muster\nPhone: +49 30 901820", ["name", "phone"]),
    ("user name: amuster, password: Blume77!", ["username", "password"]),
    ("I live at 12 Elm Street, Springfield, IL 62704", ["address"]),
    ("born on 12 March 1980", ["birth-date"]),
    ("Login code: 493021", ["code"]),
    ("Invoice 2024-0042 over 1,299.00 for 12 seats on 2024-06-03", []),
]


@pytest.mark.parametrize(("text", "kinds"), FOUND)
def test_kinds(text, kinds):
    """Each piece is found once, under its own kind, in the order of the text."""
    assert [span.kind for span in find_personal_data(text)] == kinds


def test_the_more_certain_kind_wins():
    """The digits of a card are no phone number, and a mail address in a signature no name."""
    (span,) = find_personal_data("Call 4111111111111111")
    assert span.kind == "card"


def test_an_iban_does_not_swallow_the_next_words():
    """What follows an account number stays readable."""
    text = "to DE89 3704 0044 0532 0130 00 from May on"
    (span,) = find_personal_data(text)
    assert text[span.start : span.end] == "DE89 3704 0044 0532 0130 00"


@given(st.text(alphabet="aA1 .-+@:/\n,", max_size=200))
def test_spans_are_ordered_and_apart(text):
    """Whatever the text, spans lie inside it, in order, without overlaps."""
    spans = find_personal_data(text, ["Anna Muster"])
    edges = [edge for span in spans for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
