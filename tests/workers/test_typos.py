"""Slips of the finger in a few words that matter are put right; words of their own are not."""

import time

import pytest

from workers.typos import is_one_slip, mended

WANTED = ("someone", "talk", "chat", "assistant", "person")


@pytest.mark.parametrize("typed", ["somone", "somneone", "someome", "smoeone", "someonee"])
def test_one_slip_is_put_right(typed):
    """A letter left out, added, exchanged or swapped."""
    assert is_one_slip(typed, "someone")
    assert mended(["to", typed, "now"], WANTED, ()) == ("to", "someone", "now")


@pytest.mark.parametrize(("typed", "meant"), [("eprson", "person"), ("tlak", "talk"), ("talkk", "talk")])
def test_the_first_letters_may_change_places(typed, meant):
    """Also at the beginning of a word."""
    assert is_one_slip(typed, meant)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("walk", "talk"), ("smone", "someone"), ("talk", "talk"), ("hat", "chat"), ("omeone", "someone"), ("ta", "talk")],
)
def test_what_is_further_away_is_another_word(typed, meant):
    """Two slips, another first letter, a first letter lost, or the word itself."""
    assert not is_one_slip(typed, meant)


def test_words_that_ran_together_are_taken_apart():
    """Only where the rest is a word that matters."""
    assert mended(["talkto", "aperson", "tosomeone"], WANTED, ()) == ("talk", "to", "a", "person", "to", "someone")
    assert mended(["tobacco", "withdraw", "another"], WANTED, ()) == ("tobacco", "withdraw", "another")


def test_a_word_of_its_own_stays():
    """As the caller says; and short words and numbers always."""
    tokens = ("task", "tak", "chat1", "persons")
    assert mended(tokens, WANTED, ("task", "persons")) == tokens


def test_a_huge_text_takes_no_time():
    """However many different words there are, only so many are looked at."""
    tokens = [f"word{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676 % 26)}x" for n in range(100_000)]
    began = time.perf_counter()
    mended(tokens, WANTED, ())
    assert time.perf_counter() - began < 2
