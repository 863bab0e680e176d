"""workers.personal.word_lists: names of people, and how common words are."""

import sys

import pytest

from workers.personal.word_lists import RARE, VERY_COMMON, commonness, is_family_name, is_given_name


@pytest.mark.parametrize("name", ["Sarah", "kenneth", "Giovanna", "Kasper", "Jürgen"])
def test_given_names_of_several_countries(name):
    """Given names are known whatever their case."""
    assert is_given_name(name)


@pytest.mark.parametrize("name", ["Kowalski", "ybarra", "Novák", "Lindqvist"])
def test_family_names_of_several_countries(name):
    """Family names are known whatever their case."""
    assert is_family_name(name)


@pytest.mark.parametrize("word", ["Will", "Server", "January", "Edit", "Windows", "Edge", "shift"])
def test_words_and_products(word):
    """What is more often a word or a product in support is no name."""
    assert not is_given_name(word)
    assert not is_family_name(word)


def test_how_common_a_word_is():
    """Words of any of the languages are more or less common, whatever their case; what nobody writes is rare."""
    assert commonness("The") == commonness("nicht") == VERY_COMMON
    assert RARE < commonness("invoice") < VERY_COMMON
    assert commonness("Bowwrdagna") == RARE


def test_what_the_names_were_read_from_is_let_go():
    """Faker's lists of a country, which hold far more memory than the names, are not kept."""
    assert is_given_name("Kenji")
    assert "faker.providers.person.ja_JP" not in sys.modules
