"""What the door takes and what it refuses, and that repeats, forgeries and both webhook modes end in one answer."""

import time

import pytest
from sqlalchemy import func, select

from workers.store.tables import delivery, reading

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("stack")]


def stored(stack):
    with reading(stack.engine) as connection:
        return connection.scalar(select(func.count()).select_from(delivery))


@pytest.mark.parametrize(
    "forged",
    [{"secret": "somebody else's"}, {"at": time.time() - 3600}, {"at": time.time() + 3600}],
    ids=["wrong secret", "an hour old", "an hour early"],
)
def test_a_forged_or_stale_webhook_is_refused(stack, forged):
    """A body signed by somebody else, or replayed with its old signature later, is 401 and leaves no row."""
    before = stored(stack)
    assert stack.post(b'{"ticket_id": "1"}', **forged).status_code == 401
    assert stored(stack) == before


def test_a_replayed_webhook_is_one_delivery(stack):
    """The same delivery again is told to be a duplicate, and is stored once."""
    before = stored(stack)
    answers = [stack.post(b'{"source": "trigger", "ticket_id": "999999"}', key="same-again") for _ in range(2)]
    assert [(one.status_code, one.json()["status"]) for one in answers] == [(200, "stored"), (200, "duplicate")]
    assert stored(stack) == before + 1


def test_ten_copies_of_a_delivery_bring_one_reply(stack):
    """The vendor repeats itself ten times, under one id and under ten: the ticket is answered once."""
    ticket_id, message_id = stack.write()
    body = stack.trigger_body(ticket_id, message_id)
    for number in range(10):
        assert stack.post(body, key="copied").status_code == 200
        assert stack.post(body, key=f"copied-{ticket_id}-{number}").status_code == 200
    assert stack.outcome(message_id)["action"] == "send"
    stack.rest()
    assert len(stack.answers(ticket_id)) == 1


def test_event_envelopes_do_what_triggers_do(stack):
    """With a webhook subscribed to events instead of triggers, a question and its follow-up get one answer each."""
    with stack.event_mode():
        ticket_id, first = stack.write()
        assert stack.outcome(first)["action"] == "send"
        _, second = stack.write(ticket_id=ticket_id, body="Great. How do I copy this week's shifts to the next week?")
        stack.outcome(second)
    marks = [answer["metadata"]["custom"]["deskhand"] for answer in stack.answers(ticket_id)]
    assert marks == [f"dh-{first}", f"dh-{second}"]


def test_our_own_writes_are_never_answered(stack):
    """In both modes our reply comes back as a webhook; it opens no case."""
    with stack.event_mode():
        ticket_id, message_id = stack.write()
        stack.outcome(message_id)
        stack.rest()
    cases = [case for case in stack.outcomes().values() if case["ticket_id"] == str(ticket_id)]
    assert [case["message_id"] for case in cases] == [message_id]
