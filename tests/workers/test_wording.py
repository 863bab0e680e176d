"""Reasons in the words of support staff."""

import pytest

from workers.domain import Code, Reason
from workers.wording import all_in_words, confidence_in_words, in_words, letter_words
from workers.words import languages, words


@pytest.mark.parametrize("code", list(Code))
def test_every_reason_has_words(code):
    """No code reaches staff as such, and no detail is left open."""
    words = in_words(Reason(code, "the detail"))
    assert words
    assert "_" not in words
    assert "{" not in words
    assert words[0].islower() or words.startswith("Deskhand")
    assert not words.endswith(".")


@pytest.mark.parametrize("code", list(Code))
def test_a_reason_without_detail_still_reads_as_a_sentence(code):
    """A missing detail leaves no hole."""
    words = in_words(Reason(code))
    assert "()" not in words
    assert "  " not in words


def test_a_rule_speaks_for_itself():
    """The wording of rules.toml is what staff reads; an unknown rule is named."""
    reason = Reason(Code.RULE, "chargeback")
    assert in_words(reason, {"chargeback": "the bank may take the money back"}) == "the bank may take the money back"
    assert in_words(reason, {}) == "rule “chargeback”"


@pytest.mark.parametrize(
    ("code", "detail", "words"),
    [
        (Code.INTENT_CEILING, "hand_off", "policy gives this kind of request to people at once"),
        (Code.INTENT_CEILING, "assist", "policy leaves this kind of request to people"),
        (Code.INTENT_CEILING, "draft", "policy lets a person send replies of this kind"),
        (Code.MODEL_FAILED, "timed_out", "the language model gave no usable answer (timed out)"),
        (Code.UNGROUNDED, "unsupported_number", "something in the draft does not stand in its sources (number)"),
        (Code.UNGROUNDED, "support 0.60", "something in the draft does not stand in its sources (60% of it does)"),
        (Code.CHECK_FAILED, "too_long", "the draft did not pass a check (longer than asked for)"),
        (
            Code.PERSONAL_DATA,
            "card, national-id",
            "the message contains private data (card number, national id), masked here",
        ),
        (Code.REPEATED_ATTEMPTS, "3", "Deskhand has replied on this ticket often enough (3 so far)"),
        (Code.LANGUAGE, "fi", "replies in this language (Finnish) go through a person"),
        (Code.LANGUAGE, "tlh", "replies in this language (tlh) go through a person"),
        (Code.LANGUAGE, "", "it is unclear which language it is written in"),
        (Code.EXCLUDED, "tag deskhand_off", "policy leaves this to people (tag deskhand_off)"),
        (Code.STATUS_CHANGED, "on_hold", "the ticket's status changed in the meantime (on hold)"),
        (Code.ASK_UNCOVERED, "1 of 2", "the draft does not answer every question (1 of 2)"),
    ],
)
def test_details_are_said_in_words_too(code, detail, words):
    """Names from policy and code are turned into words."""
    assert in_words(Reason(code, detail)) == words


def test_reasons_of_one_kind_are_said_together():
    """In one pair of brackets; rules, and what has no brackets, each for itself, and nothing twice."""
    reasons = (
        Reason(Code.UNGROUNDED, "unsupported_number"),
        Reason(Code.RULE, "chargeback"),
        Reason(Code.UNGROUNDED, "support 0.50"),
        Reason(Code.RULE, "lawyer"),
        Reason(Code.FRUSTRATED),
        Reason(Code.RULE, "lawyer"),
    )
    assert all_in_words(reasons, {"chargeback": "the bank asks"}, words()) == [
        "something in the draft does not stand in its sources (number, 50% of it does)",
        "the bank asks",
        "rule “lawyer”",
        "the requester sounds frustrated",
    ]


@pytest.mark.parametrize(
    ("confidence", "words"),
    [(1.0, "very sure"), (0.9, "very sure"), (0.89, "fairly sure"), (0.6, "not quite sure"), (0.0, "a guess")],
)
def test_confidence_is_said_as_staff_would(confidence, words):
    """A band, not a number."""
    assert confidence_in_words(confidence) == words


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("code", list(Code))
def test_a_reason_is_said_in_every_language(code, language):
    """With a detail and without, in brackets that are closed."""
    fixed = words(language)
    for detail in ("", "3"):
        said = in_words(Reason(code, detail), None, fixed)
        assert said.count("(") == said.count(")")
        assert not {"{", "}"} & set(said)
        assert "()" not in said


def test_details_are_said_in_the_teams_language():
    """What stands in the brackets is no English either."""
    french = words("fr")
    told = [
        (Reason(Code.STATUS_CHANGED, "on_hold"), "le statut du ticket a changé entre-temps (en pause)"),
        (Reason(Code.ASK_UNCOVERED, "1 of 2"), "le brouillon ne répond pas à toutes les questions (1 sur 2)"),
        (Reason(Code.EXCLUDED, "tag vip"), "les règles laissent cela à une personne (tag vip)"),
    ]
    assert [in_words(reason, None, french) for reason, _ in told] == [said for _, said in told]


def test_a_letter_has_its_words_in_each_of_its_languages():
    """A greeting with a name or none, and something before links; where there is none, English."""
    assert letter_words("fr").greeting == "Bonjour {name},"
    assert letter_words("xx") == letter_words("en")
    for language in ("en", "da", "de", "es", "fi", "fr", "it", "nb", "nl", "pl", "pt", "sv"):
        own = letter_words(language)
        assert own.greeting.format(name="Ada").endswith((",", ":"))
        assert own.hello
        assert own.read_more.endswith(":")
