"""Dead letters are rows of the record, each is set going again by name, and what a person has stays with the person."""

from datetime import timedelta

import pytest

from workers.store.dead import DeadLetters
from workers.store.inbox import Inbox
from workers.store.ledger import Ledger
from workers.store.schedule import Schedule
from workers.store.tickets import Tickets


@pytest.fixture
def letters(engine):
    return DeadLetters(engine)


def listed(letters, now):
    return {letter.name: letter for letter in letters.list(since=now - timedelta(days=1))}


def settled(engine, now, ticket_id, action, reason):
    tickets, ledger = Tickets(engine), Ledger(engine)
    tickets.wake("zendesk", ticket_id, now=now)
    lease = tickets.claim("zendesk", ticket_id, owner="a", now=now, lease_seconds=8)
    case = ledger.open_case(lease, f"{ticket_id}0", now=now)
    ledger.settle(lease, case.id, now=now, action=action, reasons=[reason])
    tickets.release(lease, now=now)
    return f"case:{case.id}"


def test_a_delivery_nobody_could_read_is_handled_again(engine, letters, now):
    """It is new again, once, and leaves the list."""
    inbox = Inbox(engine)
    row = inbox.add("zendesk", "k1", {}, b"{}", now=now)
    inbox.finish(row, "failed", "not readable", now=now)
    (letter,) = letters.list(since=now - timedelta(days=1))
    assert (letter.name, letter.state, letter.why) == (f"delivery:{row}", "failed", "not readable")
    assert letters.replay(letter, now=now)
    assert inbox.load(row).body == b"{}"
    assert listed(letters, now) == {}
    assert not letters.replay(letter, now=now)


def test_a_ticket_that_fails_again_and_again_starts_afresh(engine, letters, now):
    """It is due at once, without the failures before."""
    tickets = Tickets(engine)
    tickets.wake("zendesk", "7", now=now)
    for _ in range(5):
        lease = tickets.claim("zendesk", "7", owner="a", now=now, lease_seconds=8)
        tickets.release(lease, now=now, next_due=now, error="KeyError")
    lease = tickets.claim("zendesk", "7", owner="a", now=now, lease_seconds=8)
    tickets.release(lease, now=now, next_due=now + timedelta(hours=1), error="KeyError")
    (letter,) = listed(letters, now).values()
    assert (letter.ticket_id, letter.state, letter.why) == ("7", "failing", "KeyError")
    assert letters.replay(letter, now=now)
    assert tickets.claim("zendesk", "7", owner="b", now=now, lease_seconds=8).attempts == 0


def test_a_case_given_up_stays_with_its_person(engine, letters, now):
    """There is a note on the ticket; replaying it would speak over that person."""
    name = settled(engine, now, "7", "assist", "gave_up:5 attempts")
    letter = listed(letters, now)[name]
    assert (letter.state, letter.can_be_replayed, letters.replay(letter, now=now)) == ("with_person", False, False)


def test_a_case_whose_writes_were_refused_is_opened_again(engine, letters, now):
    """Nobody could be told: when the cause is gone it is worked on again."""
    name = settled(engine, now, "7", "ignore", "write_refused:HTTP 422")
    assert letters.replay(listed(letters, now)[name], now=now)
    lease = Tickets(engine).claim("zendesk", "7", owner="b", now=now, lease_seconds=8)
    assert not Ledger(engine).open_case(lease, "70", now=now).is_settled
    assert listed(letters, now) == {}


def test_a_quiet_case_is_no_dead_letter(engine, letters, now):
    """Most reasons to stay quiet are good ones."""
    settled(engine, now, "7", "ignore", "thanks_only")
    settled(engine, now, "8", "draft", "write_refused:HTTP 422")  # the bare note did reach the ticket
    assert listed(letters, now) == {}


def test_a_failed_run_is_begun_again_unless_a_later_one_went_well(engine, letters, now):
    """What the next slot made good needs nobody."""
    schedule = Schedule(engine)
    bad = schedule.begin("reindex", 1, now=now)
    schedule.finish(bad, is_ok=False, report={"error": "HTTP 403"}, now=now)
    letter = listed(letters, now)[f"run:{bad}"]
    assert letter.why == "reindex: HTTP 403"
    assert letters.replay(letter, now=now)
    assert schedule.lost(now=now + timedelta(seconds=11), older_seconds=10) == [("reindex", bad)]
    schedule.finish(bad, is_ok=False, report={"error": "HTTP 403"}, now=now)
    schedule.finish(schedule.begin("reindex", 2, now=now), is_ok=True, report={}, now=now)
    assert listed(letters, now) == {}
