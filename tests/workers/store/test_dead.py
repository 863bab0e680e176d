"""Dead letters are rows of the record, counted, listed, and set going again by name, once."""

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


def given_up(engine, now, ticket_id="7", reason="gave_up:5 attempts", begun=None):
    """Give a case up; `begun` is what stood in the outbox, as (state, what was written)."""
    tickets, ledger = Tickets(engine), Ledger(engine)
    tickets.wake("zendesk", ticket_id, now=now)
    lease = tickets.claim("zendesk", ticket_id, owner="a", now=now, lease_seconds=8)
    case = ledger.open_case(lease, f"{ticket_id}0", now=now)
    ended = None
    if begun:
        state, write = begun
        ended = (ledger.begin(lease, case.id, mark="dh-70", write=write, stamp="s", now=now), state)
    ledger.settle(
        lease, case.id, now=now, ended=ended, message_id="99", is_given_up=True, action="assist", reasons=[reason]
    )
    tickets.release(lease, now=now)
    return f"case:{case.id}"


def opened_again(engine, now, ticket_id="7"):
    """Return the case and what its outbox holds, as the next worker finds them."""
    lease = Tickets(engine).claim("zendesk", ticket_id, owner="b", now=now, lease_seconds=8)
    case = Ledger(engine).open_case(lease, f"{ticket_id}0", now=now)
    return case, Ledger(engine).begun(case.id)


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


def test_a_case_given_up_is_opened_again_once(engine, letters, now):
    """Its ticket is due at once; asked a second time, nothing happens."""
    name = given_up(engine, now)
    letter = listed(letters, now)[name]
    assert (letter.state, letter.why) == ("given_up", "gave_up:5 attempts")
    assert letters.replay(letter, now=now)
    assert not letters.replay(letter, now=now)
    assert listed(letters, now) == {}
    case, begun = opened_again(engine, now)
    assert (case.is_settled, case.attempts, begun) == (False, 2, None)


def test_the_note_from_before_is_set_aside_and_the_outbox_is_free(engine, letters, now):
    """It stands on the ticket under the case's mark, and is not what the next attempt looks for."""
    name = given_up(engine, now, begun=("done", {"is_public": False, "reasons": ["gave_up:5 attempts"]}))
    letters.replay(listed(letters, now)[name], now=now)
    case, begun = opened_again(engine, now)
    assert (case.set_aside, begun.state) == (("99",), "cancelled")


@pytest.mark.parametrize(
    "begun",
    [
        ("in_doubt", {"is_public": True, "reasons": ["confident"]}),
        ("done", {"is_public": False, "reasons": ["in_doubt", "gave_up:5 attempts"]}),
    ],
)
def test_a_reply_in_doubt_stays_in_doubt(engine, letters, now, begun):
    """Nothing keeps it from arriving yet: only a note may follow, after a replay as before it."""
    name = given_up(engine, now, begun=begun)
    letters.replay(listed(letters, now)[name], now=now)
    assert opened_again(engine, now)[1].state == "in_doubt"


def test_what_is_dead_is_counted_by_kind(engine, letters, now):
    """As listed, and every kind is there."""
    assert letters.counts(since=now - timedelta(days=1)) == {"delivery": 0, "case": 0, "ticket": 0, "run": 0}
    given_up(engine, now)
    given_up(engine, now, ticket_id="8", reason="write_refused:HTTP 422")
    assert letters.counts(since=now - timedelta(days=1))["case"] == 2


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
