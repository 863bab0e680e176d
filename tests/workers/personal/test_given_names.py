"""workers.personal.given_names: names of people, not of things."""

import pytest

from workers.personal.given_names import is_given_name


@pytest.mark.parametrize("name", ["Sarah", "kenneth", "Giovanna", "Kasper", "Jürgen"])
def test_names_of_several_countries(name):
    """Given names are known whatever their case."""
    assert is_given_name(name)


@pytest.mark.parametrize("word", ["Will", "Server", "January", "Edit", "Windows", "Rogers", "the", "Edge", "shift"])
def test_words_products_and_places(word):
    """What is more often a word, a product or a place in support is no name."""
    assert not is_given_name(word)
