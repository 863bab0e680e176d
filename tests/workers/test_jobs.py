"""What a ring sets off: a stored delivery wakes its tickets, a ticket goes to a thread, a scheduled run is recorded."""

import json

import pytest
from sqlalchemy import select

from integrations.errors import PermanentError, TransientError
from integrations.helpdesk import EventKind, TicketEvent
from tests.fakes.services import ListedBell, take_again
from workers import jobs
from workers.store.tables import delivery, reading


class InlineCrew:
    """Does at once what it is given, and remembers which tickets it was handed."""

    def __init__(self):
        self.tickets = []

    def submit(self, vendor, ticket_id):
        self.tickets.append((vendor, ticket_id))

    def do(self, task):
        task()


class Events:
    """A webhook whose deliveries say just this."""

    def __init__(self, *events, error=None):
        self.events, self.error = events, error

    def parse(self, headers, body):
        if self.error:
            raise self.error
        return self.events

    def named(self, body):
        return tuple(json.loads(body).get("names", ()))


@pytest.fixture
def crew(services, monkeypatch):
    monkeypatch.setattr(jobs, "_installed", None)
    made = InlineCrew()
    jobs.install(services, made)
    return made


@pytest.fixture
def store(services):
    """Store a delivery and return its id."""
    return lambda **body: services.inbox.add("zendesk", f"k{body}", {}, json.dumps(body).encode(), now=services.now())


def state_of(engine, delivery_id):
    with reading(engine) as connection:
        return connection.execute(select(delivery.c.state, delivery.c.note).where(delivery.c.id == delivery_id)).one()


def test_a_ring_before_the_process_is_ready_fails_loudly(monkeypatch):
    """Nothing is guessed when services were never installed."""
    monkeypatch.setattr(jobs, "_installed", None)
    with pytest.raises(RuntimeError):
        jobs.work_on_ticket("zendesk", "5")


def test_a_message_makes_its_ticket_due_after_the_quiet_time(services, desk, engine, crew, store):
    """A burst is folded: the ticket is due later, so nobody is rung for yet."""
    number = store(ticket_id="5")
    jobs.handle_delivery(number)
    assert state_of(engine, number) == ("done", "message 5")
    assert services.bell.rung == []
    desk.tick(services.policy.quiet_seconds("zendesk"))
    assert take_again(services, "5")


def test_what_needs_no_quiet_time_is_rung_for_at_once(services, crew, store):
    """A deleted ticket is looked at now."""
    services.webhooks["zendesk"] = Events(TicketEvent("zendesk", "5", EventKind.GONE))
    jobs.handle_delivery(store())
    assert services.bell.rung == [("ticket", "zendesk", "5")]


def test_our_own_write_wakes_nobody(services, desk, engine, crew, store):
    """The echo of our reply is kept, ignored and not answered."""
    services.webhooks["zendesk"] = Events(TicketEvent("zendesk", "5", EventKind.MESSAGE, actor_id=desk.bot.id))
    number = store()
    jobs.handle_delivery(number)
    assert state_of(engine, number).state == "ignored"
    assert services.tickets.backlog(now=services.now()).due == 0


@pytest.mark.parametrize(
    "event",
    [TicketEvent("zendesk", "5", EventKind.IGNORED, note="voted"), TicketEvent("zendesk", "", EventKind.MESSAGE)],
)
def test_what_concerns_no_ticket_is_kept_and_ignored(services, engine, crew, store, event):
    """Unknown kinds and events without a ticket are on record, and that is all."""
    services.webhooks["zendesk"] = Events(event)
    number = store()
    jobs.handle_delivery(number)
    assert state_of(engine, number).state == "ignored"


@pytest.mark.parametrize("error", [ValueError("not JSON"), KeyError("ticket"), TypeError("'int' object")])
def test_a_delivery_we_cannot_read_is_put_aside(services, engine, crew, store, error):
    """Whatever reading it raises, it is rung for no more."""
    services.webhooks["zendesk"] = Events(error=error)
    number = store()
    jobs.handle_delivery(number)
    assert state_of(engine, number).state == "failed"
    assert services.inbox.unhandled(now=services.now(), older_seconds=0, limit=9) == []


def test_a_delivery_we_cannot_read_still_has_its_tickets_looked_at(services, desk, engine, crew, store):
    """Each that it seems to name is due after the quiet time, and the record says why."""
    services.webhooks["zendesk"] = Events(error=ValueError("a key stands twice"))
    number = store(names=["5", "6"])
    jobs.handle_delivery(number)
    why = "message {} not readable: a key stands twice"
    assert state_of(engine, number) == ("done", ", ".join(why.format(ticket_id) for ticket_id in ("5", "6")))
    desk.tick(services.policy.quiet_seconds("zendesk"))
    assert take_again(services, "5")
    assert take_again(services, "6")


def test_a_delivery_is_handled_once(services, desk, engine, crew, store):
    """A second ring for it does nothing."""
    number = store(ticket_id="5")
    jobs.handle_delivery(number)
    lease_due = desk.tick(60)
    services.tickets.release(take_again(services, "5"), now=lease_due)
    jobs.handle_delivery(number)
    jobs.handle_delivery(number + 1)
    assert services.tickets.backlog(now=desk.tick()).due == 0


def test_a_delivery_is_handled_while_the_helpdesk_is_away(services, desk, engine, crew, store):
    """Who we are cannot be asked: the ticket is woken, and an echo of ours is recognised by reading."""
    services.webhooks["zendesk"] = Events(TicketEvent("zendesk", "5", EventKind.SOLVED, actor_id=desk.bot.id))
    desk.be_away()
    number = store()
    jobs.handle_delivery(number)
    assert state_of(engine, number).state == "done"
    assert take_again(services, "5")


def test_a_ticket_goes_to_a_thread(crew):
    """The ring itself waits for nothing."""
    jobs.work_on_ticket("zendesk", "5")
    assert crew.tickets == [("zendesk", "5")]


@pytest.mark.parametrize("name", ["reconcile", "reindex", "reindex_full"])
def test_a_scheduled_run_leaves_its_report(services, desk, crew, name):
    """What a run did stands in SQL, by vendor."""
    desk.open_ticket()
    run_id = services.schedule.begin(name, 1, now=desk.now)
    jobs.run_scheduled(name, run_id)
    (run,) = services.schedule.runs()
    assert run["is_ok"] is True
    assert "zendesk" in run["report"]


def test_a_scheduled_run_that_fails_says_so(services, desk, crew):
    """The helpdesk lets nobody in: the run is over, and not well."""
    desk.be_away(9, PermanentError("HTTP 403", vendor="zendesk", operation="any", status=403))
    jobs.run_scheduled("reconcile", services.schedule.begin("reconcile", 1, now=desk.now))
    (run,) = services.schedule.runs()
    assert (run["is_ok"], run["report"]) == (False, {"error": "zendesk any: HTTP 403"})


def test_a_run_that_meets_a_passing_trouble_is_tried_again_soon(services, desk, crew):
    """It waits as long as the helpdesk asks, and is finished by a later ring, once."""
    desk.be_away(1, TransientError("HTTP 429", retry_after_seconds=40, limit="account"))
    run_id = services.schedule.begin("reconcile", 1, now=desk.now)
    jobs.run_scheduled("reconcile", run_id)
    (run,) = services.schedule.runs()
    assert (run["is_ok"], run["attempts"]) == (None, 1)
    jobs.run_scheduled("reconcile", run_id)
    desk.tick(41)
    assert services.schedule.lost(now=desk.now, older_seconds=10) == [("reconcile", run_id)]
    jobs.run_scheduled("reconcile", run_id)
    jobs.run_scheduled("reconcile", run_id)
    (run,) = services.schedule.runs()
    assert (run["is_ok"], run["attempts"]) == (True, 2)


def test_a_run_is_not_tried_for_ever(services, desk, crew):
    """After five attempts it has failed, and the dashboard says so."""
    desk.be_away(100)
    run_id = services.schedule.begin("reconcile", 1, now=desk.now)
    for _ in range(5):
        jobs.run_scheduled("reconcile", run_id)
        desk.tick(121)
    (run,) = services.schedule.runs()
    assert (run["is_ok"], run["attempts"]) == (False, 5)


def test_the_bell_may_be_away(services, crew, store):
    """A ring that does not get through changes nothing: the sweep rings again."""
    assert isinstance(services.bell, ListedBell)
    services.bell.is_away = True
    services.webhooks["zendesk"] = Events(TicketEvent("zendesk", "5", EventKind.SOLVED))
    jobs.handle_delivery(store())
    assert take_again(services, "5")
