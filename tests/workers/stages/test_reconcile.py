"""What no webhook told is found: over pages, repeats, poisoned cursors, wrong clocks, and whatever ends a ticket."""

import random
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.serving import make_server

from integrations.errors import PermanentError, TransientError
from integrations.zendesk.client import ZendeskHelpdesk, api_token
from scripts.sandbox import acts
from scripts.sandbox.twin import Twin
from scripts.sandbox.zendesk.app import create_zendesk_app
from tests.fakes.helpdesk import FakeHelpdesk
from tests.fakes.services import make_services, outcome_of, scripted, shelve_swap
from workers.crew import Crew
from workers.stages.reconcile import Place, read_place, reconcile
from workers.store.tables import lesson, reading

ANSWER = "Open the schedule, choose the shift and press Offer swap; a manager approves it in the evening."


def place_of(services):
    return read_place(services.schedule.value("reconcile:zendesk"))


def test_the_place_is_kept_page_by_page(services, desk, monkeypatch):
    """A pass that breaks off goes on where it was, and one that ended begins a little earlier."""
    desk.page_size = 2
    for _ in range(5):
        desk.open_ticket()
    changes = FakeHelpdesk.changes

    def breaks_off(self, cursor, *, since):
        if cursor == "4":
            raise TransientError("HTTP 503")
        return changes(self, cursor, since=since)

    monkeypatch.setattr(FakeHelpdesk, "changes", breaks_off)
    with pytest.raises(TransientError):
        reconcile("zendesk", services)
    assert place_of(services).cursor == "4"
    monkeypatch.setattr(FakeHelpdesk, "changes", changes)
    assert reconcile("zendesk", services) == {"asked": 1, "woken": 1, "restarted": 0}
    assert place_of(services) == Place("", desk.now)
    assert reconcile("zendesk", services) == {"asked": 5, "woken": 0, "restarted": 0}


def test_a_change_shown_late_is_seen(services, desk):
    """An export that shows a change late loses nothing: a pass begins before the end of the last one."""
    late = desk.open_ticket()
    desk.tick(100)
    desk.open_ticket()
    hidden = desk._export.pop(0)
    assert reconcile("zendesk", services)["woken"] == 1
    desk._export.insert(0, hidden)
    assert reconcile("zendesk", services)["woken"] == 1
    assert services.tickets.waiting("zendesk", [late.id]) == {late.id}


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_a_cursor_that_is_refused_is_given_up(services, desk, monkeypatch, status):
    """The pass starts again at the time the cursor stood for, and says so."""
    desk.open_ticket()
    reconcile("zendesk", services)
    services.schedule.set_value("reconcile:zendesk", str(Place("poison", desk.now)), now=desk.now)
    missed = desk.open_ticket()
    changes = FakeHelpdesk.changes

    def refuses(self, cursor, *, since):
        if cursor == "poison":
            raise PermanentError("HTTP 400: InvalidCursor", status=status)
        return changes(self, cursor, since=since)

    monkeypatch.setattr(FakeHelpdesk, "changes", refuses)
    assert reconcile("zendesk", services)["restarted"] == 1
    assert services.tickets.waiting("zendesk", [missed.id]) == {missed.id}
    assert place_of(services).cursor == ""


def test_credentials_that_are_refused_cost_no_place(services, desk):
    """A 401 says nothing about the cursor."""
    services.schedule.set_value("reconcile:zendesk", str(Place("7", desk.now)), now=desk.now)
    desk.be_away(1, PermanentError("HTTP 401", status=401))
    with pytest.raises(PermanentError):
        reconcile("zendesk", services)
    assert place_of(services).cursor == "7"


def test_a_cursor_that_stands_still_ends_the_pass(services, desk, monkeypatch):
    """A vendor that gives the same page for ever is not asked for ever."""
    desk.open_ticket()
    page = desk.changes("", since=desk.now)
    stuck = type(page)(page.tickets, "same", is_last=False)
    monkeypatch.setattr(FakeHelpdesk, "changes", lambda self, cursor, *, since: stuck)
    assert reconcile("zendesk", services)["asked"] == 2


@pytest.mark.parametrize("ahead", [timedelta(minutes=30), timedelta(hours=20)])
def test_a_clock_of_ours_that_runs_ahead_still_starts(services, desk, monkeypatch, ahead):
    """The helpdesk refuses a start in its future; we ask for an earlier one."""
    desk.open_ticket()
    changes, theirs = FakeHelpdesk.changes, desk.now

    def in_their_time(self, cursor, *, since):
        if not cursor and since > theirs:
            raise PermanentError("HTTP 400: StartTimeTooRecent", status=400)
        return changes(self, cursor, since=since)

    monkeypatch.setattr(FakeHelpdesk, "changes", in_their_time)
    desk.now += ahead
    assert reconcile("zendesk", services)["woken"] == 1
    assert place_of(services).until == theirs


@pytest.mark.parametrize("text", ["", "MTc2", '{"cursor": "7"}', '{"until": "yesterday"}', "{", '{"until": 7}', "{}"])
def test_any_stored_place_can_be_read(text):
    """Also that of an earlier release, which kept the cursor alone."""
    assert read_place(text).cursor == ("MTc2" if text == "MTc2" else "7" if "7" in text and "cursor" in text else "")


def test_a_change_in_the_second_of_our_write_is_seen(services, desk):
    """The helpdesk's times are whole seconds: what bears the second we wrote in is read once more, and only once."""
    opened = desk.open_ticket()
    crew = Crew(services, threads=1)
    reconcile("zendesk", services)
    desk.tick(10)
    crew._work("zendesk", opened.id)
    desk.requester_writes(opened.id, "And how do I swap a shift on Sunday?")
    desk.tick(60)
    assert reconcile("zendesk", services)["woken"] == 1
    crew._work("zendesk", opened.id)
    assert len(desk.own_messages(opened.id)) == 2
    desk.tick(60)
    assert reconcile("zendesk", services)["woken"] == 1  # our own write, looked at once
    crew._work("zendesk", opened.id)
    desk.tick(60)
    assert reconcile("zendesk", services)["woken"] == 0
    crew.stop()


# --- an hour of a helpdesk whose webhooks are lost


class Desk:
    """The sandbox's Zendesk over HTTP, with a clock that only the test moves."""

    def __init__(self):
        self.start = FakeHelpdesk().now
        self.twin = Twin(now=lambda: self.start)
        self.twin.withholds_last_minute = True
        self._server = make_server("127.0.0.1", 0, create_zendesk_app(self.twin), threaded=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{self._server.server_port}"
        self.client = ZendeskHelpdesk(
            url, api_token("deskhand@tidemark.example", "sandbox-api-token"), now=self.twin.clock.now
        )

    @property
    def now(self):
        return self.twin.clock.now()

    def tick(self, seconds):
        self.twin.advance(seconds)

    def stop(self):
        self._server.shutdown()
        self.twin.sender.stop()

    def asks(self, number, **more):
        if "ticket_id" not in more:
            more["requester"] = {"name": "Ada Doe", "email": f"ada{number}@example.com"}
            more["subject"] = "Swapping"
        ticket, comment = acts.message(self.twin, {"body": f"How do I swap a shift on day {number}?", **more})
        return ticket.id, str(comment)

    def staff(self, ticket_id, **more):
        acts.staff(self.twin, {"ticket_id": ticket_id, **more})


@pytest.fixture
def hour(engine):
    desk = Desk()
    services = make_services(
        engine,
        FakeHelpdesk(),
        helpdesks={"zendesk": desk.client},
        llm=scripted(),
        now=lambda: desk.now,
        sleep=desk.tick,
    )
    shelve_swap(services)
    crew = Crew(services, threads=1)
    yield desk, services, crew
    crew.stop()
    desk.stop()


def settle(services, crew, desk):
    """Work on what is due; the clock stood still meanwhile, so it is moved on before anybody else acts."""
    desk.tick(3)
    for _, ticket_id in services.tickets.ring_list(now=desk.now, limit=100, again_seconds=0):
        crew._work("zendesk", ticket_id)


def test_an_hour_with_a_fifth_of_the_webhooks_lost(hour):
    """Every message has its outcome: new ones, further ones, and those that staff answered or solved.

    A ticket deleted before we ever heard of a message of it has nobody left to answer.
    """
    desk, services, crew = hour
    luck, asked, open_tickets, lost = random.Random(20), {}, [], 0

    def hook(ticket_id):
        nonlocal lost
        if luck.random() < 0.2:
            lost += 1
        else:
            services.tickets.wake("zendesk", str(ticket_id), now=desk.now, quiet_seconds=8)

    for minute in range(60):
        ticket_id, message = desk.asks(minute)
        asked[message] = ticket_id
        open_tickets.append(ticket_id)
        hook(ticket_id)
        if minute % 3 == 0:
            older = luck.choice(open_tickets)
            _, message = desk.asks(100 + minute, ticket_id=older)
            asked[message] = older
            hook(older)
        if minute % 5 == 4:
            gone = open_tickets.pop(luck.randrange(len(open_tickets)))
            kind = ("solve", "delete", "answer")[minute // 5 % 3]
            if kind == "delete":
                desk.staff(gone, delete=True)
            else:
                desk.staff(gone, body=ANSWER, status="solved" if kind == "solve" else "open")
            hook(gone)
        for _ in range(3):
            desk.tick(20)
            settle(services, crew, desk)
        if minute % 2:
            reconcile("zendesk", services)
            settle(services, crew, desk)
    for _ in range(4):
        desk.tick(60)
        reconcile("zendesk", services)
        settle(services, crew, desk)
    outcomes = services.ledger.outcomes("zendesk")
    left = [
        message
        for message in asked
        if message not in outcomes
        and not _is_covered(message, asked, outcomes)
        and desk.twin.world.tickets[asked[message]].status != "deleted"
    ]
    assert lost > 10
    assert left == []
    assert services.tickets.backlog(now=desk.now + timedelta(hours=1)).due == 0
    for ticket in desk.twin.world.tickets.values():
        marks = [c.metadata.get("custom", {}).get("deskhand") for c in ticket.comments if c.public]
        marks = [mark for mark in marks if mark]
        assert len(marks) == len(set(marks))


def _is_covered(message, asked, outcomes):
    """A later message of the same ticket takes an earlier one in that was never worked on by itself."""
    return any(asked[later] == asked[message] and int(later) > int(message) for later in outcomes if later in asked)


def test_what_ends_a_ticket_is_noticed_without_a_webhook(hour, engine):
    """Deleted, merged, closed by age, redacted: cases are settled with a reason, and lessons go or change."""
    desk, services, crew = hour
    tickets = {}
    for number, name in enumerate(("deleted", "redacted", "closed")):
        tickets[name], _ = desk.asks(number)
        services.tickets.wake("zendesk", str(tickets[name]), now=desk.now)
    desk.tick(20)
    settle(services, crew, desk)
    for ticket_id in tickets.values():
        desk.staff(ticket_id, body=ANSWER, status="solved")
    desk.tick(150)
    reconcile("zendesk", services)
    settle(services, crew, desk)
    assert all(services.lessons.hash_of("zendesk", str(ticket_id)) for ticket_id in tickets.values())

    late, message = desk.asks(9)
    desk.staff(late, delete=True)
    desk.staff(tickets["deleted"], delete=True)
    with desk.twin.world.lock:
        redacted = desk.twin.world.tickets[tickets["redacted"]]
        for comment in redacted.comments:
            comment.body = comment.html_body = comment.plain_body = "Redacted."
    desk.staff(tickets["redacted"], tags=["redacted"])
    before = services.lessons.hash_of("zendesk", str(tickets["closed"]))
    desk.twin.desk.close_old(desk.twin.world.tickets[tickets["closed"]])
    desk.tick(150)
    reconcile("zendesk", services)
    settle(services, crew, desk)
    assert not services.lessons.hash_of("zendesk", str(tickets["deleted"]))
    with reading(engine) as connection:
        states = dict(connection.execute(select(lesson.c.ticket_id, lesson.c.state)).all())
    assert states == {
        str(tickets["deleted"]): "removed",
        str(tickets["redacted"]): "refused",
        str(tickets["closed"]): "live",
    }
    assert services.lessons.hash_of("zendesk", str(tickets["closed"])) == before
    assert outcome_of(services, message) in (None, ("ignore", ["ticket_gone"]))
    assert services.tickets.backlog(now=desk.now).due == 0
