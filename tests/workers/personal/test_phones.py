"""workers.personal.phones: numbers that are dialled, and those that are not."""

import pytest

from workers.personal.phones import phones

FOUND = [
    ("call me at +49 30 901820", "+49 30 901820"),
    ("my number: (212) 555-0187", "(212) 555-0187"),
    ("Tel: 51 516 33 75", "51 516 33 75"),
    ("ring 5551234567", "5551234567"),
    ("Desk: (212)555-0187x0135", "(212)555-0187x0135"),
]
NOT_FOUND = ["order 2125550187", "ticket number 30901820", "build 115.10.1.20240301", "12 seats on 2024-06-03"]


@pytest.mark.parametrize(("text", "number"), FOUND)
def test_a_number_to_call(text, number):
    """International numbers are known by form, others by form and announcement."""
    assert [text[start:end] for _, start, end in phones(text)] == [number]


@pytest.mark.parametrize("text", NOT_FOUND)
def test_other_numbers_stay(text):
    """Orders, tickets, builds and dates are no phone numbers."""
    assert list(phones(text)) == []
