"""The fixed words of notes, by language."""

import re

import pytest

from workers.commands import Name, Refusal
from workers.domain import Action, Code
from workers.words import _load, languages, words

_SLOT = re.compile(r"\{(\w+)\}")


def test_english_has_words_for_everything():
    """Every command, refusal and outcome; and no word for a reason that does not exist."""
    english = words("en")
    assert {f"command.{name.value}" for name in Name} <= english.keys()
    assert {f"refusal.{refusal.value}" for refusal in Refusal} <= english.keys()
    assert {f"why.{action.value}" for action in Action} <= english.keys()
    codes = {name.partition(".")[2] for name in english if name.startswith("change.")}
    assert codes <= {code.value for code in Code}


@pytest.mark.parametrize("language", languages())
def test_a_language_says_the_same_with_the_same_slots(language):
    """A text that is nobody's in English is a slip; a slot that differs would stay open."""
    own, english = _load(language), words("en")
    assert own.keys() <= english.keys()
    assert {name for name in own if set(_SLOT.findall(own[name])) != set(_SLOT.findall(english[name]))} == set()


def test_a_language_without_words_speaks_english():
    """Also where a region is named, or only one text is missing."""
    assert words("xx") == words("en")
    assert words("de-AT")["why.draft"] == words("de")["why.draft"] != words("en")["why.draft"]
    assert set(words("de")) == set(words("en"))
