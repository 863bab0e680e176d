"""Beside Intercom's own AI agent: what Fin has is left to it, and taken over when it hands over."""

import pytest

from tests.fakes.sandboxed import account
from workers.store.tables import open_engine


@pytest.fixture
def desk(database_url):
    engine = open_engine(database_url)
    with account("intercom") as held:
        held.serve(engine)
        yield held
    engine.dispose()


def fin(desk, ticket_id, state, *, says=""):
    """Let Fin answer, or tell how far it came."""
    if says:
        desk.people.post("bot", {"ticket_id": ticket_id, "body": says})
    desk.people.post("fin", {"ticket_id": ticket_id, "ai_agent": {"resolution_state": state}})


def reasons(desk, ticket_id):
    (kept,) = desk.services.ledger.outcomes("intercom").values()
    return kept["action"], kept["reasons"][0]


@pytest.mark.parametrize("handed_over", ["escalated", "negative_feedback", "procedure_handoff"])
def test_what_fin_has_is_left_to_it_until_it_hands_over(desk, handed_over):
    """No note, no tag, a reason on record; then the same message gets its draft, once."""
    ticket_id = desk.ask()
    fin(desk, ticket_id, None, says="You can swap it in the schedule.")
    desk.work(ticket_id)
    assert desk.said(ticket_id) == []
    assert desk.helpdesk.ticket(ticket_id).tags == ()
    assert reasons(desk, ticket_id) == ("ignore", "ai_agent")
    fin(desk, ticket_id, handed_over)
    for _ in range(2):
        desk.work(ticket_id)
    (note,) = desk.said(ticket_id)
    assert note.text.startswith("Draft reply, not sent.")
    assert reasons(desk, ticket_id)[0] == "draft"


def test_whom_fin_leaves_waiting_is_answered_after_a_while(desk):
    """It said nothing, and hands nothing over: nobody is left in silence."""
    ticket_id = desk.ask()
    fin(desk, ticket_id, None)
    desk.work(ticket_id)
    assert desk.said(ticket_id) == []
    desk.wait(60 * desk.services.policy.answering.ai_agent_minutes)
    desk.work(ticket_id)
    assert len(desk.said(ticket_id)) == 1


def test_a_teammate_who_answers_after_fin_is_not_talked_over(desk):
    """Fin's state says nothing of people; their answer does."""
    ticket_id = desk.ask()
    fin(desk, ticket_id, "assumed_resolution", says="You can swap it in the schedule.")
    desk.staff(ticket_id, "I have done it for you.", is_public=True)
    desk.work(ticket_id)
    assert desk.said(ticket_id) == []
    assert reasons(desk, ticket_id) == ("ignore", "staff_answered")
