"""The ledger: one case a requester message, one outbox row a case, settled once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from workers.store.ledger import Asked, Ledger
from workers.store.tickets import Tickets


@pytest.fixture
def lease(engine, now):
    tickets = Tickets(engine)
    tickets.wake("zendesk", "5", now=now)
    return tickets.claim("zendesk", "5", owner="a", now=now, lease_seconds=8)


def test_one_case_a_message(engine, lease, now):
    """Opening the same message again is the same case, with one attempt more."""
    ledger = Ledger(engine)
    first = ledger.open_case(lease, "m1", now=now)
    again = ledger.open_case(lease, "m1", now=now)
    other = ledger.open_case(lease, "m2", now=now)
    assert again.id == first.id != other.id
    assert (first.attempts, again.attempts, other.attempts) == (1, 2, 1)
    assert ledger.open_case(lease, "m1", now=now).attempts == 3
    assert ledger.open_cases("zendesk", "5") == (
        replace(again, attempts=3),
        other,
    )


def test_what_was_asked_lately_is_told_by_ticket(engine, lease, now):
    """Masked words and outcome of the tickets named, oldest first; an open case has neither yet."""
    ledger = Ledger(engine)
    first = ledger.open_case(lease, "m1", now=now)
    ledger.settle(lease, first.id, now=now, action="send", subject="Swap", question="How?")
    ledger.open_case(lease, "m2", now=now)
    since = now - timedelta(hours=1)
    assert ledger.asked("zendesk", ["5", "6"], since=since) == (
        Asked("5", "m1", "Swap", "How?", "send", now),
        Asked("5", "m2", "", "", "", None),
    )
    assert ledger.asked("zendesk", ["6"], since=since) == ledger.asked("intercom", ["5"], since=since) == ()
    assert ledger.asked("zendesk", ["5"], since=now) == ()


def test_a_settled_case_stays_settled(engine, lease, now):
    """A second outcome for the same message is not written."""
    ledger = Ledger(engine)
    case = ledger.open_case(lease, "m1", now=now)
    ledger.settle(lease, case.id, now=now, action="send", tier=0)
    ledger.settle(lease, case.id, now=now, action="ignore")
    assert ledger.open_case(lease, "m1", now=now).is_settled
    assert ledger.open_cases("zendesk", "5") == ()


def test_a_case_left_to_somebody_else_opens_again_for_that_reason_alone(engine, lease, now):
    """It gets a second outcome when they give it up, and then never another."""
    ledger = Ledger(engine)
    left, other = (ledger.open_case(lease, name, now=now) for name in ("m1", "m2"))
    ledger.settle(lease, left.id, now=now, action="ignore", reasons=["ai_agent"])
    ledger.settle(lease, other.id, now=now, action="ignore", reasons=["silenced"])
    assert ledger.open_case(lease, "m1", now=now).is_settled
    assert ledger.open_case(lease, "m2", now=now, reopen="ai_agent").is_settled
    again = ledger.open_case(lease, "m1", now=now, reopen="ai_agent")
    assert (again.id, again.is_settled, again.attempts) == (left.id, False, 2)
    ledger.settle(lease, left.id, now=now, action="send", reasons=["confident"])
    assert ledger.open_case(lease, "m1", now=now, reopen="ai_agent").is_settled


def test_a_second_try_takes_the_same_outbox_row_and_mark(engine, lease, now):
    """An earlier write that arrives late is then still found by its mark."""
    ledger = Ledger(engine)
    case = ledger.open_case(lease, "m1", now=now)
    first = ledger.begin(lease, case.id, mark="dh-m1", write={"action": "send"}, stamp="1", now=now)
    second = ledger.begin(lease, case.id, mark="other", write={"action": "draft"}, stamp="2", now=now)
    assert (second.id, second.mark, second.tries) == (first.id, "dh-m1", 2)
    assert ledger.begun(case.id) == second
    ledger.settle(lease, case.id, now=now, ended=(second, "done"), message_id="77", action="draft")
    assert ledger.begun(case.id) is None
