"""The threads of a worker: each ticket under its own lease, which is renewed, lost and given back."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

from integrations.errors import TransientError
from integrations.helpdesk import Status
from tests.fakes.crews import row_of, somebody, work
from tests.fakes.services import POLICY, outcome_of, take_again
from workers.crew import process_name
from workers.store.tickets import LeaseLostError


def wait_until(holds, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.005)


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
    timing = POLICY.timing.model_copy(update={"lease_seconds": 0.2, "case_seconds": 3.0})
    slow = replace(services, policy=POLICY.model_copy(update={"timing": timing}))
    crew, gate, inside = crew_of(slow), threading.Event(), threading.Event()
    desk.before_read(lambda: (inside.set(), gate.wait(60)))

    def is_renewed() -> bool:
        before = row_of(engine, asked.id).lease_until
        desk.now += timedelta(seconds=0.1)  # not tick: the helpdesk's lock is held while its answer is awaited
        time.sleep(0.3)
        return row_of(engine, asked.id).lease_until > before

    crew.submit("zendesk", asked.id)
    assert inside.wait(5)
    wait_until(is_renewed)
    wait_until(lambda: not is_renewed())
    gate.set()
    crew.stop()


def test_no_two_processes_have_one_name():
    """The owner of a lease is one process, also when its number comes back."""
    assert len({process_name() for _ in range(100)}) == 100


def test_solved_meanwhile(services, desk, crew_of, asked):
    """A ticket solved by staff without a word is no longer ours."""
    desk.change(asked.id, status=Status.SOLVED)
    work(crew_of(services), asked.id)
    assert outcome_of(services, asked.messages[0].id) == ("ignore", ["ticket_done:solved"])


def test_the_fence_is_an_error_of_its_own():
    """Losing a lease is neither a failure to try again nor a reason to tell a person."""
    assert not issubclass(LeaseLostError, TransientError)
