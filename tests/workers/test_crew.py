"""The threads of a worker: crashes, lost leases and bad days end in one outcome for each requester message."""

import os
import shutil
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from integrations.errors import PermanentError, TransientError
from integrations.helpdesk import Role, Status
from integrations.llm import ModelOutcome
from tests.fakes.helpdesk import ADA, FakeHelpdesk
from tests.fakes.services import (
    INTENT_OF,
    POLICY,
    classified,
    drafted,
    make_services,
    outcome_of,
    scripted,
    shelve_swap,
    take_again,
)
from tests.fakes.trouble import Fuse, SimulatedCrash, Storm
from workers.crew import Crew, process_name
from workers.helpdesk_watch import WatchedHelpdesk
from workers.housekeeping import Housekeeper
from workers.model_guard import GuardedModel
from workers.store.tables import action, case, open_engine, reading, ticket
from workers.store.tickets import LeaseLostError

SEEDS = range(int(os.environ.get("DESKHAND_STORM_SEEDS", "200")))


@pytest.fixture
def crew_of():
    """Make crews, and stop them at the end."""
    crews = []

    def make(services, threads=1):
        crews.append(Crew(services, threads=threads))
        return crews[-1]

    yield make
    for crew in crews:
        crew.stop()


@pytest.fixture
def asked(desk, services):
    """A ticket that is due and has been quiet for a minute."""
    opened = desk.open_ticket()
    desk.tick()
    services.tickets.wake("zendesk", opened.id, now=desk.now)
    return opened


def work(crew, ticket_id):
    """Work on a ticket now, in this thread, just as a thread of the crew would."""
    crew._work("zendesk", ticket_id)


def somebody(number):
    """Return a requester of their own: who asks the same twice is answered once."""
    return replace(ADA, id=str(70_000 + number), email=f"ada{number}@harbour.example")


def row_of(services_engine, ticket_id):
    with reading(services_engine) as connection:
        return connection.execute(select(ticket).where(ticket.c.ticket_id == ticket_id)).one()


def wait_until(holds, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.005)


# --- the end of a process at any call


def crashing(services, fuse):
    """The same services, in a process that ends when the fuse burns."""
    return replace(
        services,
        helpdesks={name: fuse.around(desk) for name, desk in services.helpdesks.items()},
        ledger=fuse.around(services.ledger),
        tickets=fuse.around(services.tickets),
        kb=fuse.around(services.kb),
        llm=fuse.around(services.llm),
    )


@pytest.mark.parametrize("after", [False, True], ids=["before a call", "after a call"])
@pytest.mark.parametrize("outcome", INTENT_OF)
def test_a_crash_at_any_call_leaves_one_outcome(services, desk, engine, crew_of, outcome, after):
    """Whichever call of helpdesk, ledger, tickets, library or model is the last one, the next worker finishes."""
    services.llm.say("classify", classified(INTENT_OF[outcome]))
    # Every draft is judged, so that each ticket makes the same calls and none is left out between two of them.
    checking = POLICY.checking.model_copy(update={"judge_drafts": 1.0})
    services = replace(services, policy=POLICY.model_copy(update={"checking": checking}))
    burnt, crew = [], crew_of(services)
    for number in range(1, 100):
        opened = desk.open_ticket(requester=somebody(number))
        desk.tick()
        services.tickets.wake("zendesk", opened.id, now=desk.now)
        fuse = Fuse(number, after=after)
        dying = crew_of(crashing(services, fuse))
        try:
            work(dying, opened.id)
        except SimulatedCrash:
            burnt.append(fuse.burnt)
            desk.tick(9)
            work(crew, opened.id)
        (own,) = desk.own_messages(opened.id)
        assert own.is_public is (outcome == "send"), fuse.burnt
        assert outcome_of(services, opened.messages[0].id)[0] == outcome, fuse.burnt
        assert row_of(engine, opened.id).due_at is None
        with reading(engine) as connection:
            (row,) = connection.execute(select(action).where(action.c.message_id == own.id)).all()
        assert row.state == "done"
        if not fuse.burnt:
            break
    least = {"claim", "ticket", "open_cases", "open_case", "ask", "record_calls", "begin", "write", "settle", "release"}
    assert set(burnt) >= least
    assert not fuse.burnt, "the story has more calls than were tried"


# --- everything at once


def storm(seed, engine, desk, crews):
    """Play one bad day to its end and check what must hold; crews is filled with the crew of the day."""
    outcome = tuple(INTENT_OF)[seed % 4]
    day = Storm(desk, seed, lambda: work(crews[-1], opened.id))
    services = make_services(engine, desk, helpdesks={"zendesk": day}, llm=scripted(outcome))
    crews.append(Crew(services, threads=1))
    opened = desk.open_ticket()
    day.watch(opened.id)
    services.tickets.wake("zendesk", opened.id, now=desk.now)
    for _ in range(6):
        desk.tick(day.random.choice((0.5, 3, 10, 40)))
        if day.random.random() < 0.4:
            services.tickets.wake("zendesk", opened.id, now=desk.now)  # a delivery comes twice
        with suppress(SimulatedCrash):
            work(crews[-1], opened.id)
    day.is_over = True
    for _ in range(2):  # the second time, all that was still on its way has arrived
        services.tickets.wake("zendesk", opened.id, now=desk.now)
        for _ in range(4):
            desk.tick(90)
            work(crews[-1], opened.id)
            if row_of(engine, opened.id).due_at is None:
                break
        desk.release_writes()
    check_day(desk, services, engine, opened.id)


def check_day(desk, services, engine, ticket_id):
    found = desk.peek(ticket_id)
    marks = Counter(message.mark for message in found.messages if message.mark)
    doubles = [mark for mark, times in marks.items() if times > 1]
    assert doubles == [], "answered twice"
    public = [message for message in found.messages if message.is_public]
    for before, own in pairwise(public):
        assert own.author.role is not Role.BOT or before.author.role is Role.REQUESTER, "over somebody's reply"
    assert services.ledger.open_cases("zendesk", ticket_id) == (), "unsettled"
    assert row_of(engine, ticket_id).due_at is None, "still due"
    with reading(engine) as connection:
        rows = connection.execute(select(case.c.message_id, case.c.action).where(case.c.ticket_id == ticket_id)).all()
    settled = {row.message_id: row.action for row in rows}
    visible = {message.mark: message.is_public for message in found.messages if message.mark}
    for message_id, recorded in settled.items():
        expected = {"send": True, "ignore": None}.get(recorded, False)
        seen = visible.pop(f"dh-{message_id}", None)
        # A write whose answer was lost cannot be read back from a ticket that is deleted.
        is_unknowable = found.status is Status.DELETED and recorded == "ignore"
        assert seen is expected or is_unknowable, f"recorded as {recorded}"
    assert visible == {}, "an answer without a case"
    if public[-1].author.role is Role.REQUESTER and found.status is not Status.DELETED:
        assert public[-1].id in settled, "nobody came back to the newest message"


def test_the_worst_days_end_well(empty_sqlite):
    """Lost, late and doubled answers, deaths, lost leases, people in between: no double, nothing left open."""
    memory = Path("/dev/shm")  # thousands of commits: where there is a file system in memory, it is taken
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    crews = []
    try:
        shutil.copy(empty_sqlite, folder / "storm.sqlite3")
        engine, desk = open_engine(f"sqlite:///{folder}/storm.sqlite3"), FakeHelpdesk()
        shelve_swap(make_services(engine, desk))
        failed = {}
        for seed in SEEDS:
            try:
                storm(seed, engine, desk, crews)
            except AssertionError as error:
                failed[seed] = str(error).partition("\n")[0]
            crews.pop().stop()
        engine.dispose()
        assert failed == {}
    finally:
        shutil.rmtree(folder)


# --- trying again, and giving up


def keep_working(services, crew, desk, ticket_id, *, times):
    """Work whenever the ticket is due, as the sweep makes sure of; return how long that took, in seconds."""
    begun = desk.now
    for _ in range(times):
        work(crew, ticket_id)
        desk.tick(75)
    return (desk.now - begun).total_seconds()


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


def sweep(services, crew, keeper):
    """Sweep once, and work on what was rung for; each ticket's own reading and waiting takes no time of the others."""
    keeper.tick()
    rung, services.bell.rung[:] = list(services.bell.rung), []
    for ring in rung:
        if ring[0] == "ticket":
            work(crew, ring[2])


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

    class Broken:
        def search(self, *_):
            raise RuntimeError("no such shelf")

    broken = replace(services, kb=Broken())
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

    monkeypatch.setattr("workers.notes._render", broken)
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

    class Broken:
        def search(self, *_):
            raise RuntimeError("no such shelf")

    broken = replace(services, kb=Broken())
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


@pytest.mark.parametrize("outcome", [ModelOutcome.OVERLOADED, ModelOutcome.TIMED_OUT, ModelOutcome.UNREACHABLE])
def test_a_struggling_model_is_waited_for_twice(services, desk, llm, crew_of, asked, outcome):
    """Then people get the ticket with the passages, and are told why there is no draft."""
    llm.say("draft", outcome)
    crew = crew_of(services)
    keep_working(services, crew, desk, asked.id, times=2)
    assert desk.own_messages(asked.id) == []
    keep_working(services, crew, desk, asked.id, times=1)
    (note,) = desk.own_messages(asked.id)
    assert outcome_of(services, asked.messages[0].id) == ("assist", [f"model_failed:{outcome.value}"])
    assert "Open the schedule, choose the shift and press Offer swap." in note.text
    assert [usage.name for usage in llm.asked].count("draft") == 3


def test_a_model_that_recovers_still_drafts(services, desk, llm, crew_of, asked):
    """The second attempt finds it well, and the reply goes out."""
    llm.say("draft", ModelOutcome.OVERLOADED, {"sentences": [], "asks_covered": [], "escalate": "No."})
    crew = crew_of(services)
    keep_working(services, crew, desk, asked.id, times=2)
    assert outcome_of(services, asked.messages[0].id) == ("assist", ["model_escalated"])


# --- threads and leases


# --- the helpdesk's limits


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


def test_a_storm_wears_out_the_model_and_not_the_workers(services, desk, llm, crew_of):
    """Five failures of each model, a probe now and then; all tickets have an outcome, and the record says why."""
    llm.say("classify", ModelOutcome.OVERLOADED)
    llm.say("draft", ModelOutcome.OVERLOADED)
    guarded = replace(services, llm=GuardedModel(llm, services.breakers, services.now))
    crew = crew_of(guarded)
    many = [desk.open_ticket(requester=somebody(number)) for number in range(12)]
    for one in many:
        services.tickets.wake("zendesk", one.id, now=desk.now)
    for _ in range(4):
        for one in many:
            work(crew, one.id)
        desk.tick(20)
    reasons = [outcome_of(services, one.messages[0].id)[1] for one in many]
    assert all({"model_failed:overloaded", "model_failed:resting"} & set(named) for named in reasons)
    assert len(llm.asked) <= 5 + 5 + 6
    llm.say("classify", classified())
    llm.say("draft", drafted())
    desk.tick(121)
    after = desk.open_ticket(requester=somebody(13))
    services.tickets.wake("zendesk", after.id, now=desk.now)
    work(crew, after.id)
    assert outcome_of(services, after.messages[0].id) == ("send", ["confident"])


def test_the_small_model_stands_in_and_a_person_sends(services, desk, llm, crew_of, asked):
    """While only the large model fails the small one writes, and its draft goes through a person."""
    for _ in range(5):
        services.breakers.heard("large", ModelOutcome.OVERLOADED, now=services.now())
    guarded = replace(services, llm=GuardedModel(llm, services.breakers, services.now))
    keep_working(guarded, crew_of(guarded), desk, asked.id, times=1)
    assert outcome_of(services, asked.messages[0].id) == ("draft", ["stopgap_model"])
    assert "smaller model" in desk.own_messages(asked.id)[0].text


def test_a_key_that_is_refused_is_said_in_the_note_and_not_waited_for(services, desk, llm, crew_of, asked):
    """An admin reads in the note where to look."""
    llm.say("draft", ModelOutcome.DENIED)
    guarded = replace(services, llm=GuardedModel(llm, services.breakers, services.now))
    keep_working(guarded, crew_of(guarded), desk, asked.id, times=1)
    (note,) = desk.own_messages(asked.id)
    assert "an admin has to look at the key or the bill" in note.text
    assert services.breakers.of("large").needs_person


def test_each_ticket_is_worked_on_by_one_thread(services, desk, engine, crew_of):
    """Four threads and every ring three times: one reply each."""
    tickets = [desk.open_ticket(requester=somebody(number)) for number in range(12)]
    desk.tick()
    for one in tickets:
        services.tickets.wake("zendesk", one.id, now=desk.now)
    crew = crew_of(services, threads=4)
    for _ in range(3):
        for one in tickets:
            crew.submit("zendesk", one.id)
    wait_until(lambda: all(row_of(engine, one.id).due_at is None for one in tickets), 20)
    crew.stop()
    assert [len(desk.own_messages(one.id)) for one in tickets] == [1] * 12


def test_a_crew_is_free_until_its_threads_are_taken(services, crew_of):
    """`is_free` counts what is handed over, not only what has begun."""
    crew, gate = crew_of(services, threads=2), threading.Event()
    crew.do(gate.wait)
    assert crew.is_free()
    crew.do(gate.wait)
    assert not crew.is_free()
    gate.set()
    wait_until(crew.is_free)


def test_a_task_that_fails_frees_its_thread(services, crew_of):
    """What a task raises is logged, and the next one is taken on."""
    crew, done = crew_of(services), threading.Event()

    def fail():
        raise RuntimeError("broken")

    crew.do(fail)
    crew.do(done.set)
    assert done.wait(5)
    wait_until(crew.is_free)


def test_paused_means_nothing_is_begun(services, desk, engine, crew_of, asked):
    """The ticket stays due, and is worked on after the pause."""
    crew = crew_of(services)
    services.schedule.set_value("paused", "by Ada", now=desk.now)
    work(crew, asked.id)
    assert desk.reads == 0
    assert row_of(engine, asked.id).due_at is not None
    services.schedule.set_value("paused", "", now=desk.now)
    work(crew, asked.id)
    assert len(desk.own_messages(asked.id)) == 1


def test_a_ring_for_a_ticket_that_is_not_due_does_nothing(services, desk, crew_of):
    """Rings may come for nothing."""
    opened = desk.open_ticket()
    work(crew_of(services), opened.id)
    assert desk.reads == 0


def test_a_lost_lease_gives_nothing_back(services, desk, engine, crew_of, asked):
    """The ticket belongs to its new owner: neither its due time nor its attempts are touched."""
    taken = []
    desk.before_read(lambda: (desk.tick(9), taken.append(take_again(services, asked.id))))
    work(crew_of(services), asked.id)
    row = row_of(engine, asked.id)
    assert (row.lease_owner, row.fence, row.attempts) == ("b", taken[0].fence, 0)
    assert desk.own_messages(asked.id) == []


def test_a_lease_in_use_is_renewed_until_the_case_takes_too_long(services, desk, engine, crew_of, asked):
    """A slow model keeps its ticket; one that hangs loses it, and its worker is fenced off."""
    timing = POLICY.timing.model_copy(update={"lease_seconds": 0.2, "case_seconds": 0.5})
    slow = replace(services, policy=POLICY.model_copy(update={"timing": timing}))
    crew, gate, inside = crew_of(slow), threading.Event(), threading.Event()
    desk.before_read(lambda: (inside.set(), gate.wait(5)))
    crew.submit("zendesk", asked.id)
    assert inside.wait(5)
    first = row_of(engine, asked.id).lease_until
    desk.now += timedelta(seconds=0.1)  # not tick: the helpdesk's lock is held while its answer is awaited
    wait_until(lambda: row_of(engine, asked.id).lease_until > first)
    time.sleep(0.6)
    last = row_of(engine, asked.id).lease_until
    desk.now += timedelta(seconds=0.1)
    time.sleep(0.2)
    assert row_of(engine, asked.id).lease_until == last
    gate.set()
    crew.stop()


def test_no_two_processes_have_one_name():
    """The owner of a lease is one process, also when its number comes back."""
    assert len({process_name() for _ in range(100)}) == 100


def test_a_lease_lost_while_giving_up_is_left_to_its_owner(services, desk, engine, crew_of, asked):
    """Nobody writes a second note."""
    policy = POLICY.model_copy(update={"limits": POLICY.limits.model_copy(update={"max_outage_attempts": 1})})
    desk.be_away(1)
    desk.before_read(lambda: (desk.tick(9), take_again(services, asked.id)))
    work(crew_of(replace(services, policy=policy)), asked.id)
    assert desk.own_messages(asked.id) == []
    assert row_of(engine, asked.id).lease_owner == "b"


def test_solved_meanwhile(services, desk, crew_of, asked):
    """A ticket solved by staff without a word is no longer ours."""
    desk.change(asked.id, status=Status.SOLVED)
    work(crew_of(services), asked.id)
    assert outcome_of(services, asked.messages[0].id) == ("ignore", ["ticket_done:solved"])


def test_the_fence_is_an_error_of_its_own():
    """Losing a lease is neither a failure to try again nor a reason to tell a person."""
    assert not issubclass(LeaseLostError, TransientError)
