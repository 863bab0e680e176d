"""workers.personal.forms: what a grammar or a check digit tells."""

import pytest

from workers.personal import forms

FOUND = [
    (forms.tokens, "Authorization: Bearer abc123def456ghi", "abc123def456ghi"),
    (forms.emails, "write to ada@example.org.", "ada@example.org"),
    (forms.emails, "ada [at] example [dot] org", "ada [at] example [dot] org"),
    (forms.ibans, "pay to DE89 3704 0044 0532 0130 00 now", "DE89 3704 0044 0532 0130 00"),
    (forms.cards, "4111 1111 1111 1111", "4111 1111 1111 1111"),
    (forms.national_ids, "my ssn is 536-22-1234", "536-22-1234"),
    (forms.ips, "from 203.0.113.7", "203.0.113.7"),
    (forms.birth_dates, "born on 12 March 1980", "12 March 1980"),
]
NOT_FOUND = [
    (forms.ibans, "DE89 3704 0044 0532 0130 01"),
    (forms.cards, "4111 1111 1111 1112"),
    (forms.ips, "version 1.2.3.4"),
    (forms.birth_dates, "since 12 March 2024"),
]


@pytest.mark.parametrize(("find", "text", "value"), FOUND)
def test_the_value_and_nothing_else(find, text, value):
    """What is found is the value itself, not the words around it."""
    assert value in [text[start:end] for _, start, end in find(text)]


@pytest.mark.parametrize(("find", "text"), NOT_FOUND)
def test_a_wrong_digit_or_another_meaning_is_left(find, text):
    """What fails its check digit, or is a version or an ordinary date, stays."""
    assert list(find(text)) == []
