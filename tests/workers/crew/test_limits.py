"""The helpdesk's limits put tickets off: nobody sleeps on them, staff keep their share, and no attempt is counted."""

from collections import Counter
from datetime import timedelta

from integrations.errors import TransientError
from tests.fakes.crews import row_of, somebody, work
from tests.fakes.services import outcome_of


def drain(services, crew, desk, *, minutes):
    """Let time pass second by second; each second the sweep rings and the crew follows, in the sweep's order."""
    for _ in range(minutes * 60):
        held = services.budgets.hold_seconds("zendesk", now=desk.now)
        due = services.tickets.ring_list(now=desk.now, limit=5, again_seconds=0.5, but=["zendesk"] if held else [])
        for _, ticket_id in due:
            work(crew, ticket_id)
        desk.tick(1)


def test_staff_keep_their_share_of_the_helpdesks_limits(services, desk, crew_of):
    """Thirty tickets at twenty updates a minute: we take fourteen, nobody is refused, and urgent and old go first."""
    desk.updates_per_minute = 20
    crew = crew_of(services)
    many = [desk.open_ticket(requester=somebody(number)) for number in range(30)]
    for number, one in enumerate(many):
        services.tickets.wake("zendesk", one.id, now=desk.now + timedelta(milliseconds=number), urgency=number // 20)
    desk.tick(1)
    drain(services, crew, desk, minutes=3)
    assert desk.write_attempts == len(desk.written) == 30
    minutes = Counter(int(done.at.timestamp() // 60) for done in desk.written)
    assert max(minutes.values()) <= 14
    order = [done.ticket_id for done in desk.written]
    assert set(order[:10]) == {one.id for one in many[20:]}
    assert order[10:] == [one.id for one in many[:20]]


def test_a_refusal_puts_tickets_off_and_counts_no_attempt(services, desk, engine, crew_of, asked):
    """Staff used it all up: the ticket comes back when the helpdesk says so, however often, and is answered."""
    crew = crew_of(services)
    desk.be_away(30, TransientError("HTTP 429", retry_after_seconds=20.0, limit="account"))
    for _ in range(30):
        work(crew, asked.id)
        row = row_of(engine, asked.id)
        assert (row.attempts, row.lease_until) == (0, None)
        assert timedelta(0) < row.due_at - desk.now <= timedelta(seconds=20)
        desk.tick(21)
    work(crew, asked.id)
    assert outcome_of(services, asked.messages[0].id) == ("send", ["confident"])


def test_a_write_that_is_refused_for_a_limit_is_put_off_too(services, desk, engine, crew_of, asked):
    """At the very last call: nothing was done, no attempt is counted, the others are held back."""
    desk.updates_per_minute = 0
    crew = crew_of(services)
    work(crew, asked.id)
    row = row_of(engine, asked.id)
    assert (row.attempts, desk.written) == (0, [])
    assert services.budgets.hold_seconds("zendesk", now=desk.now) > 0
    desk.updates_per_minute = 100
    desk.tick(61)
    work(crew, asked.id)
    assert outcome_of(services, asked.messages[0].id) == ("send", ["confident"])


def test_the_limit_of_one_ticket_stops_no_other(services, desk, crew_of, asked):
    """Thirty updates in ten minutes is that ticket's own trouble."""
    crew, other = crew_of(services), desk.open_ticket(requester=somebody(1))
    services.tickets.wake("zendesk", other.id, now=desk.now)
    desk.be_away(1, TransientError("HTTP 429", retry_after_seconds=300.0, limit="per-ticket-updates"))
    work(crew, asked.id)
    work(crew, other.id)
    assert outcome_of(services, asked.messages[0].id) is None
    assert outcome_of(services, other.messages[0].id) == ("send", ["confident"])
