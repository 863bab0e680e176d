"""The fixed words of notes, by language."""

import re

import pytest

from integrations.helpdesk import Status
from integrations.llm import ModelOutcome
from workers.commands import Name, Refusal
from workers.domain import Action, Code
from workers.words import _load, languages, words

_SLOT = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"\w+")


def test_english_has_words_for_everything():
    """Every command, refusal and outcome; and no word for a reason that does not exist."""
    english = words("en")
    assert {f"command.{name.value}" for name in Name} <= english.keys()
    assert {f"refusal.{refusal.value}" for refusal in Refusal} <= english.keys()
    assert {f"why.{action.value}" for action in Action} <= english.keys()
    assert {f"status.{status.value}" for status in Status} <= english.keys()
    assert {f"model_end.{end.value}" for end in ModelOutcome if end is not ModelOutcome.OK} <= english.keys()
    codes = {name.partition(".")[2] for name in english if name.startswith("change.")}
    assert codes <= {code.value for code in Code}


@pytest.mark.parametrize("language", languages())
def test_a_language_says_the_same_with_the_same_slots(language):
    """A slot that differs would stay open. That no text is missing is a rule of the house (tests/test_house.py)."""
    own, english = _load(language), words("en")
    assert {name for name in own if sorted(_SLOT.findall(own[name])) != sorted(_SLOT.findall(english[name]))} == set()
    assert {name for name, text in own.items() if not text.strip() or text.count("{") != text.count("}")} == set()


@pytest.mark.parametrize("language", [language for language in languages() if language != "en"])
def test_a_translation_is_one(language):
    """A sentence that was left in English is a slip; commands and file names stay as they are."""
    own, english = _load(language), words("en")
    assert {
        name for name in own if own[name] == english[name] and len(_WORD.findall(_SLOT.sub("", own[name]))) > 1
    } == set()
    for name in ("note.draft_how", "change.autonomy_draft", "command.never_done"):
        fixed = re.findall(r"(?:^| )/[a-z]+|[a-z]+\.toml|deskhand autonomy --lift", english[name])
        assert all(one.strip() in own[name] for one in fixed)


@pytest.mark.parametrize("language", languages())
def test_a_reason_reads_as_part_of_a_sentence(language):
    """Reasons stand in a list after a colon: no full stop, no capital but of a name."""
    for name, text in words(language).items():
        if name.partition(".")[0] in ("reason", "change", "ceiling", "finding"):
            assert not text.endswith("."), name
            assert text[0].islower() or text.startswith(("Deskhand", "{what}")) or language == "de", name


def test_the_languages_that_are_promised_are_there():
    """docs/support-staff.md names them."""
    assert set(languages()) == {"de", "en", "es", "fr", "it", "nl", "pt"}


def test_a_language_without_words_speaks_english():
    """Also where a region is named, or only one text is missing."""
    assert words("xx") == words("en")
    assert words("de-AT")["why.draft"] == words("de")["why.draft"] != words("en")["why.draft"]
