"""kb.spelling: misspelt words find the library's own; right and unknown words stay as they are."""

import pytest

from kb.spelling import Speller, distance

TEXTS = [
    "Reset your password by email. The geofence radius is 150 metres. Publish the shifts. Overtime permission.",
    "A password is needed. Set the geofence radius. Shifts are published; publish them. Overtime permission.",
    "The organisation is chosen in settings.",
    "Your organisation and the settings.",
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("forgot my pasword", "forgot my password"),
        ("the geofense raduis", "the geofence radius"),
        ("choose the organistion", "choose the organisation"),
        ("permision for overtme", "permission for overtime"),
        ("Pasword", "password"),
        ("my shfts", "my shifts"),
    ],
)
def test_a_slip_is_mended(typed, meant):
    """A letter missing, added, changed or in another place still finds the library's word."""
    assert Speller(TEXTS).mend(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "my password, your settings",  # known
        "where is Madrid or the printer",  # unknown, and near to nothing
        "passwort@mail.example and /pasword and pasword2",  # addresses, paths and codes
        "PASWORD",  # shouted or an acronym
    ],
)
def test_the_rest_is_left_alone(text):
    """Known words, far words, addresses, codes and acronyms are not touched."""
    assert Speller(TEXTS).mend(text) == text


def test_a_word_of_one_chunk_is_no_authority():
    """What stands in a single chunk may be a slip itself, and pulls nothing to it."""
    assert Speller(["The pasword is here.", "A house."]).mend("passwrd pasword") == "passwrd pasword"


def test_a_real_word_is_no_slip():
    """A word that is spelt right is kept, however near it is to one of the library's."""
    texts = ["Your hand.", "A hand."]
    assert Speller(texts).mend("handy") == "hand"
    assert Speller(texts, frozenset({"handy"})).mend("handy") == "handy"


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("abc", "abc", 0), ("abc", "acb", 1), ("radius", "raduis", 1), ("a", "bcd", 3), ("", "ab", 2)],
)
def test_distance(one, other, slips):
    """Slips are counted, and two neighbours that changed places are one."""
    assert distance(one, other) == distance(other, one) == slips
