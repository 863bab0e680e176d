"""Reasons in the words of support staff."""

import pytest

from workers.domain import Code, Reason
from workers.wording import confidence_in_words, in_words


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
        (Code.UNGROUNDED, "swapped_name", "something in the draft does not stand in its sources (swapped name)"),
        (Code.REPEATED_ATTEMPTS, "3", "Deskhand has replied on this ticket often enough (3 so far)"),
        (Code.EXCLUDED, "tag deskhand_off", "policy leaves this to people (tag deskhand_off)"),
        (Code.STATUS_CHANGED, "on_hold", "the ticket's status changed in the meantime (on hold)"),
        (Code.ASK_UNCOVERED, "1 of 2", "the draft does not answer every question (1 of 2)"),
    ],
)
def test_details_are_said_in_words_too(code, detail, words):
    """Names from policy and code are turned into words."""
    assert in_words(Reason(code, detail)) == words


@pytest.mark.parametrize(
    ("confidence", "words"),
    [(1.0, "very sure"), (0.9, "very sure"), (0.89, "fairly sure"), (0.6, "not quite sure"), (0.0, "a guess")],
)
def test_confidence_is_said_as_staff_would(confidence, words):
    """A band, not a number."""
    assert confidence_in_words(confidence) == words
