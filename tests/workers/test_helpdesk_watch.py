"""What a helpdesk answers is told to the breaker of all workers; no call is ever kept from it."""

from contextlib import suppress

import pytest

from integrations.errors import IntegrationError, NotFoundError, PermanentError, TransientError
from integrations.helpdesk import Attachment, TicketWrite
from workers.helpdesk_watch import WatchedHelpdesk


@pytest.fixture
def watched(services, desk):
    return WatchedHelpdesk(desk, services.outages, services.now)


def ask(watched, ticket_id, times=1):
    """Read a ticket some times, whatever comes of it."""
    for _ in range(times):
        with suppress(IntegrationError):
            watched.ticket(ticket_id)


def test_a_helpdesk_that_answers_nobody_opens_its_breaker(services, desk, watched):
    """Three calls without an answer are enough, and the first answer closes it."""
    opened = desk.open_ticket()
    desk.be_away(4)
    ask(watched, opened.id, times=3)
    assert services.outages.admit("zendesk", now=services.now()) == 2
    ask(watched, opened.id)  # a call that had begun before is made, and changes nothing
    desk.be_back()
    ask(watched, opened.id)
    assert services.outages.admit("zendesk", now=services.now()) is None


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("HTTP 404"),
        PermanentError("HTTP 403", status=403),
        TransientError("HTTP 429", limit="account", retry_after_seconds=60),
    ],
)
def test_a_refusal_and_a_spent_limit_are_no_outage(services, desk, watched, error):
    """The helpdesk is there: it said no, or not now."""
    opened = desk.open_ticket()
    desk.be_away(9, error)
    ask(watched, opened.id, times=9)
    assert services.outages.admit("zendesk", now=services.now()) is None


def test_some_calls_that_fail_among_many_are_no_outage(services, desk, watched):
    """One ticket that the helpdesk stumbles over does not hold the others up."""
    good, bad = desk.open_ticket(), desk.open_ticket()
    for _ in range(6):
        desk.be_away(1)
        ask(watched, bad.id)
        ask(watched, good.id, times=2)
    assert services.outages.admit("zendesk", now=services.now()) is None


def test_writes_and_searches_count_too(services, desk, watched):
    """Whatever the worker asks for."""
    ticket = desk.open_ticket()
    desk.be_away(3)
    calls = (
        lambda: watched.write(ticket, TicketWrite(mark="dh-1", html="Hello.")),
        lambda: watched.changes("", since=services.now()),
        lambda: watched.requested_by(ticket.requester.id, limit=5),
    )
    for call in calls:
        with pytest.raises(TransientError):
            call()
    assert services.outages.admit("zendesk", now=services.now()) == 2


def test_everything_else_is_the_helpdesks_own(desk, watched):
    """It fills the whole port."""
    ticket = desk.open_ticket()
    assert (watched.vendor, watched.abilities, watched.limits()) == (desk.vendor, desk.abilities, desk.limits())
    assert (watched.me(), watched.teams(), watched.tagged(ticket, "vip")) == (desk.me(), desk.teams(), None)
    assert list(watched.articles()) == list(desk.articles())
    desk.files["9"] = b"text"
    assert watched.download(Attachment("9", "a.txt", "text/plain", 4), most_bytes=9) == b"text"
