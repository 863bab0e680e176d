"""Processes that end at any call, and the worst days there are: one outcome for each requester message."""

import os
import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from integrations.helpdesk import Role, Status
from tests.fakes.crews import row_of, somebody, work
from tests.fakes.helpdesk import FakeHelpdesk
from tests.fakes.services import INTENT_OF, POLICY, classified, make_services, outcome_of, scripted, shelve_swap
from tests.fakes.trouble import Fuse, SimulatedCrash, Storm
from workers.crew import Crew
from workers.store.tables import action, case, open_engine, reading

SEEDS = range(int(os.environ.get("DESKHAND_STORM_SEEDS", "100")))


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


@pytest.mark.parametrize("half", [0, 1])
def test_the_worst_days_end_well(empty_sqlite, half):
    """Lost, late and doubled answers, deaths, lost leases, people in between: no double, nothing left open."""
    memory = Path("/dev/shm")  # thousands of commits: where there is a file system in memory, it is taken
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    crews = []
    try:
        shutil.copy(empty_sqlite, folder / "storm.sqlite3")
        engine, desk = open_engine(f"sqlite:///{folder}/storm.sqlite3"), FakeHelpdesk()
        shelve_swap(make_services(engine, desk))
        failed = {}
        for seed in SEEDS[half::2]:
            try:
                storm(seed, engine, desk, crews)
            except AssertionError as error:
                failed[seed] = str(error).partition("\n")[0]
            crews.pop().stop()
        engine.dispose()
        assert failed == {}
    finally:
        shutil.rmtree(folder)
