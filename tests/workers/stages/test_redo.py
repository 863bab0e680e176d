"""A draft written anew from the record of its case. What staff see of it: tests/workers/stages/test_obey.py."""

from dataclasses import asdict, replace

import pytest

from integrations.llm import ModelOutcome
from tests.fakes.services import classified, drafted, judged, scripted, take
from workers import pipeline
from workers.commands import Refusal
from workers.domain import Block, Draft, Finding, Findings, Judgement, Sentence
from workers.stages.redo import again, draft_of, findings_of, reading_of, redo


def opened(services, desk, text="How do I swap a shift?"):
    ticket = desk.open_ticket(text)
    lease = take(services, ticket.id)
    pipeline.work(lease, services)
    return services.helpdesks["zendesk"].ticket(ticket.id), services.orders.case_of("zendesk", ticket.id)


def test_a_draft_and_its_findings_come_back_from_the_record_as_they_were():
    """What /send sends is what the note shows."""
    draft = Draft((Sentence("Press it.", ("P1",), Block.STEP),), asks_covered=(0,), model_outcome="ok")
    findings = Findings((Finding("promise", "soon", 0),), 0.5, judgement=Judgement(0.9, 0.8, 1.0, reason="so"))
    assert draft_of(asdict(draft)) == draft
    assert findings_of(asdict(findings)) == replace(findings, grounding=1.0)


def test_a_message_is_read_as_it_was_when_it_was_the_newest(services, desk):
    """Our reply after it is left out; a message that is gone is not read."""
    ticket, decided = opened(services, desk)
    assert any(m.is_public and m.mark for m in ticket.messages)
    assert reading_of(ticket, decided.message_id).message_id == decided.message_id
    assert reading_of(ticket, "0") is None


def test_a_redo_is_proposed_like_any_draft(services, desk, llm):
    """Searched, drafted, checked and judged; the record holds all of it."""
    ticket, decided = opened(services, desk)
    redone = redo(decided, ticket, "friendlier", services)
    assert redone.refusal is None
    assert redone.made["findings"]["judgement"]["model_outcome"] == "ok"
    shown = again(redone.made, decided, ticket)
    assert shown.package.draft.text == redone.package.draft.text
    assert shown.decision == replace(redone.decision, team="", urgency=shown.decision.urgency)


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        (ModelOutcome.TIMED_OUT, Refusal.MODEL_FAILED),
        (ModelOutcome.OVERLOADED, Refusal.MODEL_FAILED),
        (drafted(sentences=[], escalate="The passages say nothing."), Refusal.NO_TEXT),
    ],
)
def test_without_a_draft_it_says_why(services, desk, llm, line, refusal):
    """Nobody waits for a model that fails; a person is there."""
    ticket, decided = opened(services, desk)
    llm.say("draft", line)
    llm.say("classify", classified())
    llm.say("judge", judged())
    assert redo(decided, ticket, "friendlier", services).refusal is refusal


def test_what_policy_gives_to_people_is_not_drafted_on_request(services, desk):
    """A rule wins over everybody's wish."""
    ticket, decided = opened(services, desk, "We have started a chargeback over this. How do I swap a shift?")
    redone = redo(decided, ticket, "try anyway", replace(services, llm=scripted()))
    assert redone.refusal is Refusal.POLICY
    assert "the bank may take the money back" in redone.why
