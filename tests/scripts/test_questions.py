"""Rows to measure on: what is asked, when, and what staff linked; what is badly written is named."""

from datetime import UTC, datetime

import pytest

from kb.domain import Query
from scripts.cases import CasesError
from scripts.questions import milliseconds, moment, precedent, question


def test_a_bare_text_stands_for_subject_and_body():
    """Either way of writing a row is a question."""
    assert question({"subject": "Swap", "body": None}) == Query("Swap", "")
    assert question({"text": "How do I swap?"}) == Query("", "How do I swap?")


def test_a_precedent_is_masked_and_names_what_was_linked():
    """It is what a solved ticket leaves behind."""
    row = {"query_id": 7, "subject": "Pay", "body": "Mail ada@harbour.example", "relevant": ["pay"]}
    made = precedent(row | {"created": "2026-01-01T00:00:00Z"})
    assert (made.id, dict(made.documents), made.asked_at) == ("7", {"pay": 1.0}, datetime(2026, 1, 1, tzinfo=UTC))
    assert "ada@harbour" not in made.text


@pytest.mark.parametrize(
    ("read", "row", "words"),
    [
        (question, {"query_id": "8"}, "row 8: wants subject"),
        (moment, {"created": "soon"}, "created: Invalid isoformat"),
    ],
)
def test_what_is_missing_or_wrong_is_named(read, row, words):
    """One line says which row and what about it."""
    with pytest.raises(CasesError, match=words):
        read(row)


def test_times_are_told_in_milliseconds():
    """The middle and the slow end."""
    assert milliseconds([0.001, 0.002, 0.003]) == pytest.approx({"p50_ms": 2.0, "p95_ms": 2.9})
