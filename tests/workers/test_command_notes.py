"""The notes that answer commands."""

import pytest

from tests.fakes.services import POLICY
from workers.command_notes import help_note, said, why_note
from workers.commands import Command, Decided, Name
from workers.words import words

DECIDED = Decided(
    id=1,
    message_id="5",
    is_settled=True,
    action="draft",
    intent="swap_shift",
    team="support",
    confidence=0.93,
    stage="two",
    reasons=("autonomy_draft", "review_band:0.70", "unheard_of"),
    question="How?",
    draft={"sentences": [{"text": "So."}]},
    findings={
        "findings": [{"code": "unsupported_number", "words": "12 <b>", "sentence": 0}],
        "judgement": {
            "faithfulness": 0.9,
            "relevance": 1.0,
            "safety": 1.0,
            "doubts": [{"code": "judged_unsupported", "words": "12", "sentence": 0}],
            "reason": "the price is not there",
            "model_outcome": "ok",
        },
    },
    passages=(
        {"title": "Swapping", "heading": ["Shifts", "Swap"], "score": 0.812, "url": ""},
        {"title": "Swapping", "heading": ["Shifts", "Swap"], "score": 0.4, "url": ""},
    ),
    classification={},
    facts={},
    draft_key="5",
)


def test_why_tells_everything_that_counted():
    """In the order in which it was decided, and harmless as HTML."""
    note = why_note(DECIDED, words("en"), POLICY)
    for part in (
        "a draft for a person to send",
        "Swapping shifts (very sure, 93%, told by the language model)",
        "Swapping, “Shifts &gt; Swap” (0.81)",
        "“12 &lt;b&gt;”: number not in the sources",
        "faithful 90%, to the point 100%, safe 100%",
        "the price is not there",
        "has not earned automatic sending yet",
        "earns it by drafts that are sent unchanged",
        "more examples of this kind of request",
    ):
        assert part in note
    assert "unheard_of" not in note
    assert note.count("Shifts &gt; Swap") == 1


@pytest.mark.parametrize("language", ["en", "de"])
def test_help_names_every_command(language):
    """With what it does, and the tags that do the same."""
    note = help_note(Command(Name.HELP, "c1", given="<sned>"), words(language), POLICY)
    assert "/&lt;sned&gt;" in note
    for name in Name:
        assert name is Name.HELP or f"/{name.value}<" in note
    assert POLICY.approval.send_tag in note


def test_a_value_with_braces_stays_as_it_is():
    """What staff write is filled in once, and is no slot."""
    assert (
        said(words("en"), "command.redone", words="{name} & more") == "<p>New draft, as you asked{name} &amp; more.</p>"
    )
