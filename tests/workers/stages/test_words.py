"""Words: their forms, their opposites, two names of one thing, and the order of clauses."""

import pytest

from workers.stages.words import (
    OPPOSITES,
    condition_last,
    is_same,
    measures,
    negations,
    number,
    sentences,
    stem,
    tokens,
    word_set,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [("exports", "export"), ("exporting", "exported"), ("companies", "company"), ("stopped", "stop"), ("uses", "use")],
)
def test_forms_of_a_word_meet(one: str, other: str) -> None:
    """Plural, past and -ing share a stem."""
    assert stem(one) == stem(other)


@pytest.mark.parametrize(("one", "other"), [("class", "clas"), ("import", "export"), ("news", "new")])
def test_other_words_do_not_meet(one: str, other: str) -> None:
    """What only looks alike stays apart, as far as cheap rules can tell."""
    assert (stem(one) == stem(other)) == (one == "news")


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


@pytest.mark.parametrize(("one", "other"), [("sent", "send"), ("chosen", "choose"), ("people", "person")])
def test_irregular_forms_meet(one: str, other: str) -> None:
    """What no ending tells is listed."""
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("one", "other"), [("click", "press"), ("customers", "client"), ("configure", "configuration"), ("fix", "repaired")]
)
def test_two_names_of_one_thing_are_the_same(one: str, other: str) -> None:
    """Listed together, or of one family."""
    assert is_same(tokens(one)[0], tokens(other)[0])


def test_no_pair_of_opposites_counts_as_the_same() -> None:
    """A word that stands for its opposite would hide the very faults that are looked for."""
    for one, other in OPPOSITES:
        left, right = tokens(one)[0], tokens(other)[0]
        assert left.root != right.root, (one, other)


def test_a_condition_is_put_behind() -> None:
    """ "If A, B" and "B if A" are compared as the same sentence; a lone clause stays."""
    for sentence in ("If you are an Owner, open Billing.", "Open Billing if you are an Owner."):
        found = condition_last(sentence, tokens(sentence))
        assert [token.norm for token in found] == ["open", "billing", "if", "you", "are", "an", "owner"]
    lone = "When in doubt."
    assert condition_last(lone, tokens(lone)) == tokens(lone)


def test_numbers_stand_with_their_units() -> None:
    """Words between number and unit do not part them; spelt numbers are numbers."""
    assert list(measures(tokens("It takes five business days and costs 20 euros."))) == [("5", "day"), ("20", "euro")]


def test_negations_are_counted() -> None:
    """A contraction holds one."""
    assert negations(tokens("You can't see it without a key.")) == 2


def test_a_set_of_words() -> None:
    """Lists are written as text."""
    assert word_set("a b  a") == {"a", "b"}
