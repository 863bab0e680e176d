"""scripts.name_sentences: made texts, and where people stand in them."""

import pytest

from scripts.name_sentences import Maker


@pytest.fixture(scope="module")
def maker():
    return Maker(1)


def test_people_stand_where_it_says(maker):
    """Every place noted holds a name: it begins with a letter and is short."""
    made = [maker.text() for _ in range(200)]
    people = [one.text[start:end] for one in made for start, end in one.people]
    assert len(people) > 100
    assert all(person[0].isalpha() and len(person.split()) <= 8 for person in people)


def test_nothing_is_left_to_fill_in(maker):
    """No brace of a sentence's slot is left in a text."""
    assert not any("{" in maker.text().text for _ in range(200))


def test_same_seed_same_texts(maker):
    """Two makers of one seed make the same."""
    one, other = Maker(7), Maker(7)
    assert [one.text() for _ in range(20)] == [other.text() for _ in range(20)]
