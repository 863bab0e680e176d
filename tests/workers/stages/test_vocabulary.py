"""workers.stages.vocabulary: forms of words, opposites, words for one thing."""

import pytest

from workers.stages.vocabulary import OPPOSITES, are_same, root, stem, word_set
from workers.stages.words import tokens


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


@pytest.mark.parametrize(("one", "other"), [("sent", "send"), ("chosen", "choose"), ("people", "person")])
def test_irregular_forms_meet(one: str, other: str) -> None:
    """What no ending tells is listed."""
    assert stem(one) == stem(other)


def test_no_pair_of_opposites_counts_as_the_same() -> None:
    """A word that stands for its opposite would hide the very faults that are looked for."""
    for one, other in OPPOSITES:
        left, right = tokens(one)[0], tokens(other)[0]
        assert left.root != right.root, (one, other)


def test_a_set_of_words() -> None:
    """Lists are written as text."""
    assert word_set("a b  a") == {"a", "b"}


def test_words_of_one_thing_have_one_root() -> None:
    """Where sentences are laid side by side, listed words count as the same word."""
    assert root(stem("buys")) == root(stem("purchase"))
    assert are_same(stem("picture"), stem("photos"))
    assert not are_same(stem("invoice"), stem("photos"))
