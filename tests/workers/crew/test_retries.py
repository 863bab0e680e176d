"""What failed is tried again soon, as often as it takes; what fails for good ends with a person."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from integrations.errors import PermanentError, TransientError
from tests.fakes.crews import keep_working, row_of, somebody, work
from tests.fakes.services import POLICY, outcome_of, take_again
from workers.helpdesk_watch import WatchedHelpdesk
from workers.housekeeping import Housekeeper
from workers.store.tables import reading, ticket


def sweep(services, crew, keeper):
    """Sweep once, and work on what was rung for; each ticket's own reading and waiting takes no time of the others."""
    keeper.tick()
    rung, services.bell.rung[:] = list(services.bell.rung), []
    for ring in rung:
        if ring[0] == "ticket":
            work(crew, ring[2])


def without_library(services):
    """Return services whose every search fails, for no reason that passes."""

    class Broken:
        def search(self, *_):
            raise RuntimeError("no such shelf")

    return replace(services, kb=Broken())


def test_a_helpdesk_that_is_away_for_hours_loses_nothing(services, desk, engine, crew_of, asked):
    """We come back again and again, also after the number of attempts at which people are told."""
    crew = crew_of(services)
    desk.be_away(10_000)
    hours = keep_working(services, crew, desk, asked.id, times=100) / 3600
    row = row_of(engine, asked.id)
    assert hours > 2
    assert row.due_at is not None
    assert row.attempts == 100
    desk.be_back()
    keep_working(services, crew, desk, asked.id, times=1)
    assert len(desk.own_messages(asked.id, is_public=True)) == 1
    assert (row_of(engine, asked.id).due_at, row_of(engine, asked.id).attempts) == (None, 0)


def test_what_failed_often_is_looked_at_again_soon(services, desk, engine, crew_of, asked):
    """However often a ticket met trouble: once it is over, nothing waits longer than a quarter of a minute."""
    crew = crew_of(services)
    desk.be_away(10_000)
    keep_working(services, crew, desk, asked.id, times=30)
    work(crew, asked.id)
    assert timedelta(seconds=5) < row_of(engine, asked.id).due_at - desk.now <= timedelta(seconds=12)


def test_an_attempt_that_hung_has_waited_already(services, desk, engine, crew_of, asked):
    """A call that got no answer until its deadline is followed by the next at once."""

    def hang():
        desk.tick(15)
        raise TransientError("no answer in time")

    desk.before_read(hang)
    work(crew_of(services), asked.id)
    assert row_of(engine, asked.id).attempts == 1
    assert row_of(engine, asked.id).due_at <= desk.now


def test_an_outage_of_the_helpdesk_costs_few_calls_and_is_over_at_once(services, desk, engine, crew_of):
    """While it answers nobody one ticket in five seconds asks; 15 seconds after its first answer all are answered."""
    watched = replace(services, helpdesks={"zendesk": WatchedHelpdesk(desk, services.outages, services.now)})
    crew, keeper = crew_of(watched), Housekeeper(watched, "a")
    asked = [desk.open_ticket(requester=somebody(number)) for number in range(5)]
    for opened in asked:
        services.tickets.wake("zendesk", opened.id, now=desk.now)
    desk.be_away(10_000)
    for _ in range(60):
        sweep(services, crew, keeper)
        desk.tick(1)
    with reading(engine) as connection:
        attempts = connection.scalars(select(ticket.c.attempts)).all()
    assert sum(attempts) < 5 + 60 / 4
    desk.be_back()
    back_at = desk.now
    while desk.now < back_at + timedelta(seconds=15):
        sweep(services, crew, keeper)
        desk.tick(1)
    assert [len(desk.own_messages(opened.id, is_public=True)) for opened in asked] == [1] * 5


def test_a_helpdesk_that_does_not_let_us_in_loses_nothing(services, desk, engine, crew_of, asked):
    """Wrong credentials are mended by somebody some day; until then the ticket stays due."""
    crew = crew_of(services)
    desk.be_away(10_000, PermanentError("HTTP 401"))
    keep_working(services, crew, desk, asked.id, times=12)
    assert row_of(engine, asked.id).due_at is not None
    desk.be_back()
    keep_working(services, crew, desk, asked.id, times=1)
    assert len(desk.own_messages(asked.id, is_public=True)) == 1


def test_what_fails_again_and_again_ends_with_a_person(services, desk, engine, crew_of, asked):
    """After five attempts staff finds a note with the question and what failed; the ticket is due no more."""
    broken = without_library(services)
    crew = crew_of(broken)
    keep_working(broken, crew, desk, asked.id, times=4)
    assert desk.own_messages(asked.id) == []
    keep_working(broken, crew, desk, asked.id, times=3)
    (note,) = desk.own_messages(asked.id)
    assert not note.is_public
    assert "Deskhand could not finish (5 attempts, last: RuntimeError)" in note.text
    assert "How do I swap a shift?" in note.text
    assert outcome_of(services, asked.messages[0].id) == ("assist", ["gave_up:5 attempts, last: RuntimeError"])
    assert row_of(engine, asked.id).due_at is None


def test_a_note_that_cannot_be_rendered_is_a_bare_one(services, desk, engine, crew_of, asked, monkeypatch):
    """When rendering itself is what fails, a person still hears that the ticket is theirs."""

    def broken(*_, **__):
        raise RuntimeError("no such template")

    monkeypatch.setattr("workers.letter._pages.get_template", broken)
    keep_working(services, crew_of(services), desk, asked.id, times=7)
    (note,) = desk.own_messages(asked.id)
    assert not note.is_public
    assert "Please answer it personally" in note.text
    assert outcome_of(services, asked.messages[0].id) == ("assist", ["gave_up:5 attempts, last: RuntimeError"])


def test_a_failure_before_a_case_was_opened_ends_with_a_person_too(services, desk, engine, crew_of, asked):
    """Nothing is dropped because it failed early."""

    class Ledger:
        def __init__(self):
            self.failures = 5

        def __getattr__(self, name):
            if name == "open_cases" and self.failures:
                self.failures -= 1
                raise RuntimeError("broken early")
            return getattr(services.ledger, name)

    broken = replace(services, ledger=Ledger())
    keep_working(broken, crew_of(broken), desk, asked.id, times=6)
    assert outcome_of(services, asked.messages[0].id)[0] == "assist"
    assert len(desk.own_messages(asked.id, is_public=False)) == 1


def test_giving_up_says_nothing_where_staff_has_answered(services, desk, engine, crew_of, asked):
    """The failing ticket was answered by a person meanwhile: no note, and that is on record."""
    broken = without_library(services)
    crew = crew_of(broken)
    keep_working(broken, crew, desk, asked.id, times=4)
    desk.staff_writes(asked.id, "Press Offer swap.")
    keep_working(broken, crew, desk, asked.id, times=3)
    assert desk.own_messages(asked.id) == []
    assert outcome_of(services, asked.messages[0].id) == ("ignore", ["staff_answered"])


def test_we_wait_as_long_as_the_helpdesk_asks_but_not_for_ever(services, desk, engine, crew_of, asked):
    """Its wish is kept up to five minutes."""
    crew = crew_of(services)
    desk.be_away(1, TransientError("HTTP 429", retry_after_seconds=90))
    work(crew, asked.id)
    assert row_of(engine, asked.id).due_at - desk.now == timedelta(seconds=90)
    desk.tick(91)
    desk.be_away(1, TransientError("HTTP 429", retry_after_seconds=86_400))
    work(crew, asked.id)
    assert row_of(engine, asked.id).due_at - desk.now == timedelta(seconds=300)


def test_a_lease_lost_while_giving_up_is_left_to_its_owner(services, desk, engine, crew_of, asked):
    """Nobody writes a second note."""
    policy = POLICY.model_copy(update={"limits": POLICY.limits.model_copy(update={"max_outage_attempts": 1})})
    desk.be_away(1)
    desk.before_read(lambda: (desk.tick(9), take_again(services, asked.id)))
    work(crew_of(replace(services, policy=policy)), asked.id)
    assert desk.own_messages(asked.id) == []
    assert row_of(engine, asked.id).lease_owner == "b"
