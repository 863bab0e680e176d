"""The helpdesk's budgets in SQL: what one process learned holds the others back."""

from datetime import timedelta

from integrations.limits import Limit
from workers.store.budgets import Budgets
from workers.store.tickets import Tickets


def test_one_process_tells_the_others(engine, now):
    """A budget that runs short holds all back until its window ends, one vendor alone."""
    mine, theirs = Budgets(engine, 0.3), Budgets(engine, 0.3)
    mine.note("zendesk", (Limit("tickets-update", 100, 30, 20.0),), now=now)
    assert theirs.hold_seconds("zendesk", now=now) == 20
    assert theirs.hold_seconds("intercom", now=now) == 0
    assert theirs.hold_seconds("zendesk", now=now + timedelta(seconds=21)) == 0
    assert mine.all(now=now)["zendesk"]["tickets-update"].remaining == 30


def test_what_is_in_work_counts(engine, now):
    """A ticket under a lease may still need its update."""
    budgets, tickets = Budgets(engine, 0.3), Tickets(engine)
    budgets.note("zendesk", (Limit("tickets-update", 100, 31, 20.0),), now=now)
    assert budgets.hold_seconds("zendesk", now=now) == 0
    tickets.wake("zendesk", "1", now=now)
    tickets.claim("zendesk", "1", owner="a", now=now, lease_seconds=8)
    assert budgets.hold_seconds("zendesk", now=now) == 20


def test_a_refusal_is_shared(engine, now):
    """Whoever meets a 429 spares the others theirs."""
    Budgets(engine, 0.3).refuse("zendesk", "account", 45.0, now=now)
    assert Budgets(engine, 0.3).hold_seconds("zendesk", now=now) == 45
