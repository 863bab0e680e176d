"""Words: their forms, their opposites, two names of one thing, and the order of clauses."""

import pytest

from workers.stages.words import (
    condition_last,
    denied,
    is_same,
    measures,
    negations,
    number,
    sentences,
    tokens,
    undecided,
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [("1,200", "1200"), ("3rd", "3"), ("12.00", "12"), ("12.50", "12.50"), ("5.2", "5.2"), ("02:00", "02:00")],
)
def test_numbers_have_one_way_of_writing(text: str, plain: str) -> None:
    """Separators, ordinals and empty cents go; versions and times stay."""
    assert number(text) == plain


def test_tokens_know_names_numbers_and_codes() -> None:
    """The first word is a name only by its look; codes are one token; contractions are opened."""
    found = {token.raw: token for token in tokens("Open the iPhone app, it can't show TM-4012 on March 3.")}
    assert [raw for raw, token in found.items() if token.is_name] == ["iPhone", "TM-4012", "March"]
    assert found["3"].is_number
    assert "not" in found


def test_sentences_end_at_stops_and_lines() -> None:
    """Abbreviations do not end one, line breaks do."""
    assert sentences("Use e.g. Chrome. Then log in\nPress Go!") == ["Use e.g. Chrome.", "Then log in", "Press Go!"]


@pytest.mark.parametrize(
    ("one", "other"), [("click", "press"), ("customers", "client"), ("configure", "configuration"), ("fix", "repaired")]
)
def test_two_names_of_one_thing_are_the_same(one: str, other: str) -> None:
    """Listed together, or of one family."""
    assert is_same(tokens(one)[0], tokens(other)[0])


def test_a_condition_is_put_behind() -> None:
    """ "If A, B" and "B if A" are compared as the same sentence; a lone clause stays."""
    for sentence in ("If you are an Owner, open Billing.", "Open Billing if you are an Owner."):
        found = condition_last(sentence, tokens(sentence))
        assert [token.norm for token in found] == ["open", "billing", "if", "you", "are", "an", "owner"]
    lone = "When in doubt."
    assert condition_last(lone, tokens(lone)) == tokens(lone)


def test_numbers_stand_with_their_units() -> None:
    """Words between number and unit do not part them; spelt numbers are numbers."""
    found = [one[:2] for one in measures(tokens("It takes five business minutes and costs 20 euros."))]
    assert found == [("5", "minut"), ("20", "euro")]


def test_negations_are_counted() -> None:
    """A contraction holds one."""
    assert negations(tokens("You can't see it without a key.")) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("48 hours", "2 days"),
        ("half an hour", "30 minutes"),
        ("a fortnight", "14 days"),
        ("four and a half hours", "4.5 hours"),
    ],
)
def test_equal_measures_are_one(one: str, other: str) -> None:
    """However long a time is written, it is the same time."""
    assert [found[:2] for found in measures(tokens(one))] == [found[:2] for found in measures(tokens(other))]


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("Helmets are not required", set()),
        ("You do not have to wear a helmet", set()),
        ("They cannot be used in the pool", {"pool"}),
        ("Tips are counted per guest, not per booking", {"book"}),
        ("You cannot book classes", {"book"}),
        ("It is not possible to book", {"book"}),
        ("Not only the owner pays", set()),
    ],
)
def test_what_is_denied(sentence: str, words: set[str]) -> None:
    """The first word of substance behind a negation is denied, unless the negation only narrows or leaves one free."""
    assert denied(tokens(sentence)) == words


def test_marks_of_lists_are_no_words() -> None:
    """A sentence of a list begins with its first word."""
    assert sentences("- If it fails, restart.\n2. Open it.") == ["If it fails, restart.", "Open it."]


def test_what_is_set_aside_is_neither_said_nor_denied() -> None:
    """What stands behind "unless", or before a "not" at the end, may be so or not."""
    assert [token.norm for token in undecided(tokens("It ends unless you pay"))] == ["unless", "you", "pay"]
    assert "teams" in [token.norm for token in undecided(tokens("Clubs can join late, teams can't"))]
    assert undecided(tokens("You cannot pay")) == ()
