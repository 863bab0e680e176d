"""The record of what staff asked for."""

import pytest

from tests.fakes.helpdesk import GRACE, START
from tests.fakes.services import make_services, take
from workers.commands import Command, Name
from workers.protocol import Outbox, State
from workers.store.tickets import LeaseLostError

COMMAND = Command(Name.WRONG, "c5", words="not kept from here", author=GRACE, at=START)


@pytest.fixture
def services(engine, desk):
    return make_services(engine, desk)


@pytest.fixture
def lease(services, desk):
    return take(services, desk.open_ticket().id)


def test_a_command_is_recorded_once_with_its_words_masked_by_the_caller(services, lease):
    """Who asked and when stand there; the second look finds the first record."""
    order = services.orders.open(lease, COMMAND, words="the price is 12", case_id=None, now=START)
    again = services.orders.open(lease, COMMAND, words="other", case_id=None, now=START)
    assert again == order
    assert (order.words, order.asked_by, order.asked_name, order.asked_at) == (
        "the price is 12",
        GRACE.id,
        "Grace Hill",
        START,
    )
    assert services.orders.of_ticket(lease.vendor, lease.ticket_id) == (order,)


def test_a_settled_command_keeps_its_end(services, lease):
    """The first end is the end."""
    order = services.orders.open(lease, COMMAND, words="", case_id=None, now=START)
    services.orders.settle(lease, order, "done", now=START)
    services.orders.settle(lease, order, "light", now=START)
    (found,) = services.orders.of_ticket(lease.vendor, lease.ticket_id)
    assert (found.is_settled, found.result) == (True, "done")


def test_a_try_keeps_its_row(services, lease):
    """A second try of the same write is found under the same mark."""
    order = services.orders.open(lease, COMMAND, words="", case_id=None, now=START)
    first = services.orders.begin(lease, order, "c5", Outbox(State.SENDING), {"result": "done"}, now=START)
    services.orders.end_try(lease, first, State.CANCELLED, now=START, error="the ticket moved")
    second = services.orders.begin(lease, order, "c5", Outbox(State.SENDING, stamp="s2"), {}, now=START)
    assert second.id == first.id
    assert services.orders.begun(lease.vendor, lease.ticket_id, "c5").outbox.stamp == "s2"
    assert not services.orders.has_begun_another(order)
    services.orders.begin(lease, order, "9-send", Outbox(State.SENDING), {}, now=START)
    assert services.orders.has_begun_another(order)


def test_a_worker_without_the_ticket_writes_nothing(services, lease, desk):
    """Whoever took it over has the word."""
    desk.tick(60)
    services.tickets.wake("zendesk", lease.ticket_id, now=desk.now)
    assert services.tickets.claim("zendesk", lease.ticket_id, owner="b", now=desk.now, lease_seconds=8)
    with pytest.raises(LeaseLostError):
        services.orders.open(lease, COMMAND, words="", case_id=None, now=START)


def test_a_hold_stands_until_it_is_lifted(services):
    """Twice is once, both ways."""
    orders = services.orders
    assert orders.hold("swap_shift", before="send", by="801", ticket_id="9", now=START)
    assert not orders.hold("swap_shift", before="send", by="802", ticket_id="9", now=START)
    assert orders.holds() == {"swap_shift": ("801", START)}
    assert orders.is_held("swap_shift")
    assert orders.lift("swap_shift", after="send", now=START)
    assert not orders.lift("swap_shift", after="send", now=START)
    assert not orders.is_held("swap_shift")
