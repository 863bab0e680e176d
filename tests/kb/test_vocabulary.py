"""kb.vocabulary: what the library has no word for; slips and everyday words are not reported."""

import pytest

from kb.vocabulary import Vocabulary

REAL = {"approve", "badge", "badges", "head", "large", "schedule", "schedules", "windows"}
VOCABULARY = Vocabulary(
    ["Approve shifts in the schedule, or inside a geofence. E-mail us."], REAL, everyday={"head", "windows"}
)


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("approving a shift", ()),
        ("a wordschedule", ("wordschedule",)),
        ("the fences", ()),
        ("register badges", ("register", "badges")),
        ("the price per head", ("price", "per")),
        ("run it on Windows", ("run", "Windows")),
        ("open windows", ("open",)),
        ("a bagde for the shedule", ()),
        ("the NFC of the NFC", ("NFC",)),
        ("don't e-mail", ("don't",)),
    ],
)
def test_words_the_texts_do_not_have(text, lacking):
    """Endings do not matter, nor what a word is joined to; a capital makes a name of it, one slip makes nothing."""
    assert VOCABULARY.lacks(text, mend=lambda word: word) == lacking


def test_what_can_be_mended_is_known():
    """A mistyped word counts as the one that was meant."""
    assert VOCABULARY.lacks("aprov", mend={"aprov": "approve"}.__getitem__) == ()


def test_without_word_lists_everything_strange_is_reported():
    """A library in a language without lists still tells what it has."""
    assert Vocabulary(["Schichten tauschen"]).lacks("Schichten kaufen", mend=str) == ("kaufen",)
