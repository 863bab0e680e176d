"""Leases: one worker a ticket, fenced; bursts folded; nothing heard is forgotten."""

import threading
from datetime import timedelta

import pytest

from workers.store.ledger import Ledger
from workers.store.tickets import LeaseLostError, Tickets


@pytest.fixture
def tickets(engine):
    return Tickets(engine)


def claim(tickets, now, owner="a", seconds=8.0):
    return tickets.claim("zendesk", "5", owner=owner, now=now, lease_seconds=seconds)


def test_a_ticket_is_claimed_once(tickets, now):
    """A second worker gets nothing while the first one's lease runs."""
    tickets.wake("zendesk", "5", now=now)
    assert claim(tickets, now, "a") is not None
    assert claim(tickets, now, "b") is None


def test_a_ticket_never_heard_of_is_not_claimed(tickets, now):
    """A ring without a reason in SQL does nothing."""
    assert claim(tickets, now) is None


def test_twenty_threads_one_winner(tickets, now):
    """However many claim at once, one gets it."""
    tickets.wake("zendesk", "5", now=now)
    won = []
    threads = [threading.Thread(target=lambda n=n: won.append(claim(tickets, now, f"w{n}"))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([lease for lease in won if lease]) == 1


def test_a_lease_that_ran_out_is_taken_over_and_the_sleeper_is_fenced(tickets, engine, now):
    """The new owner has a higher fence; what the old one still writes is refused."""
    tickets.wake("zendesk", "5", now=now)
    slept = claim(tickets, now, "a")
    later = now + timedelta(seconds=9)
    taken = claim(tickets, later, "b")
    assert taken is not None
    assert taken.fence > slept.fence
    ledger = Ledger(engine)
    with pytest.raises(LeaseLostError):
        ledger.open_case(slept, "m1", now=later)
    assert ledger.open_case(taken, "m1", now=later).attempts == 1


def test_renewing_keeps_others_out(tickets, now):
    """A renewed lease runs on; renewing one that was lost gives nothing back."""
    tickets.wake("zendesk", "5", now=now)
    lease = claim(tickets, now)
    tickets.renew([lease], now=now + timedelta(seconds=6), lease_seconds=8)
    assert claim(tickets, now + timedelta(seconds=10), "b") is None
    other = claim(tickets, now + timedelta(seconds=15), "b")
    tickets.renew([lease], now=now + timedelta(seconds=16), lease_seconds=100)
    assert claim(tickets, now + timedelta(seconds=24), "c") is not None
    assert other is not None


def test_what_is_heard_during_the_work_makes_it_due_again(tickets, now):
    """A message that arrives while its ticket is worked on is not lost when the lease is given back."""
    tickets.wake("zendesk", "5", now=now)
    lease = claim(tickets, now)
    tickets.wake("zendesk", "5", now=now + timedelta(seconds=1))
    tickets.release(lease, now=now + timedelta(seconds=2))
    assert claim(tickets, now + timedelta(seconds=2)) is not None


def test_done_is_done(tickets, now):
    """A ticket given back with nothing new is due no more."""
    tickets.wake("zendesk", "5", now=now)
    tickets.release(claim(tickets, now), now=now)
    assert claim(tickets, now + timedelta(hours=1)) is None
    assert tickets.backlog(now=now).due == 0


def test_a_late_release_of_a_lost_lease_changes_nothing(tickets, now):
    """The sleeper that wakes up and gives its ticket back does not take it from the new owner."""
    tickets.wake("zendesk", "5", now=now)
    slept = claim(tickets, now)
    claim(tickets, now + timedelta(seconds=9), "b")
    tickets.release(slept, now=now + timedelta(seconds=10))
    assert claim(tickets, now + timedelta(seconds=11), "c") is None


def test_a_burst_is_folded_but_not_for_ever(tickets, now):
    """Each message moves the due time by the quiet time, up to three times that after the first one."""
    assert tickets.wake("zendesk", "5", now=now, quiet_seconds=10) == now + timedelta(seconds=10)
    at = now + timedelta(seconds=8)
    assert tickets.wake("zendesk", "5", now=at, quiet_seconds=10) == now + timedelta(seconds=18)
    at = now + timedelta(seconds=27)
    assert tickets.wake("zendesk", "5", now=at, quiet_seconds=10) == now + timedelta(seconds=30)
    assert claim(tickets, now + timedelta(seconds=29)) is None
    assert claim(tickets, now + timedelta(seconds=30)) is not None


def test_rings_go_to_the_most_urgent_and_oldest_first(tickets, now):
    """The queue is topped up in the order people would want, and no ring is repeated at once."""
    tickets.wake("zendesk", "1", now=now)
    tickets.wake("zendesk", "2", now=now - timedelta(seconds=50))
    tickets.wake("zendesk", "3", now=now, urgency=3)
    assert [t for _, t in tickets.ring_list(now=now, limit=10, again_seconds=4)] == ["3", "2", "1"]
    assert tickets.ring_list(now=now + timedelta(seconds=3), limit=10, again_seconds=4) == []
    assert len(tickets.ring_list(now=now + timedelta(seconds=5), limit=2, again_seconds=4)) == 2


def test_errors_count_attempts_and_success_forgets_them(tickets, now):
    """The number of failures in a row is what decides when a person gets the ticket."""
    for expected in range(3):
        tickets.wake("zendesk", "5", now=now)
        lease = claim(tickets, now)
        assert lease.attempts == expected
        tickets.release(lease, now=now, next_due=now, error="timed out")
    tickets.release(claim(tickets, now), now=now)
    tickets.wake("zendesk", "5", now=now)
    assert claim(tickets, now).attempts == 0


def test_the_backlog_says_how_old_it_is(tickets, now):
    """The health page shows how long the oldest ticket has been waiting."""
    tickets.wake("zendesk", "1", now=now - timedelta(seconds=90))
    backlog = tickets.backlog(now=now)
    assert (backlog.due, backlog.oldest_seconds) == (1, 90.0)


def test_the_last_change_dealt_with_is_known(tickets, now):
    """The reconciler can tell what it has seen already."""
    tickets.wake("zendesk", "5", now=now)
    tickets.release(claim(tickets, now), now=now, seen_at=now)
    assert tickets.seen("zendesk", ["5", "6"]) == {"5": now}
