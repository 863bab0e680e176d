"""Processes die, sleep and lose their memory under load: every ticket gets its outcome, once and soon."""

import signal
import time

import pytest
from redis import Redis

from tests.fakes.stack import mark_of, wait_until

pytestmark = [pytest.mark.xdist_group("stack")]

SOON_SECONDS = 15.0
QUESTIONS = (
    ("Staff can't see rota", "How do I publish the schedule for next week so that everybody sees it?"),
    ("Same shifts", "How do I copy this week's shifts to the following week?"),
    ("geofence", "My staff get the message outside the geofence when they clock in. How do I make the radius larger?"),
    ("VAT", "How do I add our VAT number to the invoices?"),
    ("TM-1042", "The import of shifts stops with TM-1042, what is wrong with my file?"),
)
# A short round by default, a longer one under the mark chaos.
SIZES = [pytest.param(8, marks=pytest.mark.real, id="8"), pytest.param(30, marks=pytest.mark.chaos, id="30")]


class Load:
    """Some tickets written at once, and what became of them."""

    def __init__(self, stack, count: int) -> None:
        self.stack = stack
        self.asked = len(stack.model.requests)
        self.fault_at = time.monotonic()
        self.written = [stack.write(*QUESTIONS[number % len(QUESTIONS)]) for number in range(count)]

    def reach_the_middle(self, requests: int = 2) -> None:
        """Wait until the model has been asked about some of them, so that tickets are in work."""
        wait_until(lambda: len(self.stack.model.requests) >= self.asked + requests, what="tickets in work")
        self.fault_at = time.monotonic()

    def unsettled(self) -> list[str]:
        known = self.stack.outcomes()
        return [message_id for _, message_id in self.written if message_id not in known]

    def settle(self, seconds: float) -> float:
        """Wait for every outcome and return the seconds since the fault, or since the first message."""
        wait_until(lambda: not self.unsettled(), seconds, what=f"an outcome of all {len(self.written)}")
        return time.monotonic() - self.fault_at

    def answered_wrongly(self) -> list[tuple[int, list[str]]]:
        """Return the tickets that do not hold exactly the one answer that the ledger tells of."""
        outcomes = self.stack.outcomes()
        tickets = {ticket["id"]: ticket for ticket in self.stack.desk.state()["tickets"]}
        wrong = []
        for ticket_id, message_id in self.written:
            marks = [mark for comment in tickets[ticket_id]["comments"] if (mark := mark_of(comment))]
            if marks != ([] if outcomes[message_id]["action"] == "ignore" else [f"dh-{message_id}"]):
                wrong.append((ticket_id, marks))
        return wrong

    def report(self, fault: str, seconds: float) -> None:
        """Say the figures, and hold that nothing was lost and nothing was done twice."""
        lost, wrong, twice = len(self.unsettled()), self.answered_wrongly(), self.stack.duplicates()
        count = len(self.written)
        print(f"\n{fault}: {count} messages, all settled after {seconds:.1f} s, {lost} lost, {twice} duplicated")
        assert (lost, wrong, twice) == (0, [], 0)


@pytest.fixture
def thinking(stack):
    """A model that takes a second, so that there is a middle of a ticket to die in."""
    stack.model.latency_seconds = 1.0
    yield
    stack.model.latency_seconds = 0.0
    stack.wait_ready()
    stack.rest()


@pytest.mark.parametrize("count", SIZES)
def test_a_worker_killed_in_mid_ticket(stack, thinking, count):
    """kill -9 of a worker: its tickets are taken over within seconds, and each requester hears of us once."""
    load = Load(stack, count)
    load.reach_the_middle()
    pid = stack.kill("worker-1")
    load.report("kill -9 of a worker", load.settle(SOON_SECONDS))
    stack.wait_back("worker-1", pid)


@pytest.mark.parametrize("count", SIZES)
def test_redis_killed_and_emptied(stack, thinking, count):
    """Redis dies under load and comes back; then all it holds is wiped: nothing is lost by either."""
    load = Load(stack, count)
    load.reach_the_middle(1)
    pid = stack.kill("redis")
    load.report("kill -9 of Redis", load.settle(SOON_SECONDS))
    stack.wait_back("redis", pid)
    stack.wait_ready()

    load = Load(stack, count)
    Redis.from_url(stack.redis_url).flushall()
    load.report("FLUSHALL", load.settle(SOON_SECONDS))


@pytest.mark.real
def test_without_redis_the_workers_go_on(stack, thinking):
    """While Redis hangs, webhooks are taken and tickets are answered, only later."""
    stack.kill("redis", signal.SIGSTOP)
    try:
        load = Load(stack, 4)
        load.report("a Redis that does not answer", load.settle(40))
    finally:
        stack.kill("redis", signal.SIGCONT)


@pytest.mark.real
def test_a_redis_that_is_full_stops_nobody(stack, thinking):
    """Redis answers and takes nothing in (no memory, or a full disk): the workers take due work on directly."""
    redis = Redis.from_url(stack.redis_url)
    redis.config_set("maxmemory", "1")
    try:
        load = Load(stack, 4)
        load.report("a Redis without memory", load.settle(40))
    finally:
        redis.config_set("maxmemory", "0")


@pytest.mark.parametrize("count", SIZES)
def test_the_receiver_killed(stack, thinking, count):
    """Webhooks that meet a dead door are lost by the vendor's rules; the reconciler finds their tickets."""
    pid = stack.kill("receiver")
    load = Load(stack, count)
    stack.wait_back("receiver", pid)
    stack.wait_ready()
    wait_until(stack.twin.sender.is_idle, what="the last webhook")
    assert stack.command("reconcile").returncode == 0
    load.report("kill -9 of the receiver", load.settle(SOON_SECONDS))


@pytest.mark.parametrize("count", SIZES)
def test_chroma_killed(stack, thinking, count):
    """Without Chroma the vectors in memory are searched: nothing waits for it."""
    pid = stack.kill("chroma")
    load = Load(stack, count)
    load.report("kill -9 of Chroma", load.settle(SOON_SECONDS))
    stack.wait_back("chroma", pid)


@pytest.mark.real
def test_a_worker_that_sleeps_through_its_lease_writes_nothing(stack, thinking):
    """SIGSTOP in mid-ticket: others take over; awake again, the sleeper finds its writes refused."""
    load = Load(stack, 6)
    load.reach_the_middle(3)
    stack.kill("worker-1", signal.SIGSTOP)
    try:
        time.sleep(12)
        left = load.unsettled()
    finally:
        stack.kill("worker-1", signal.SIGCONT)
    seconds = load.settle(SOON_SECONDS)
    stack.rest()
    load.report(f"12 s of sleep, {len(left)} open at its end", seconds)


@pytest.mark.parametrize("count", SIZES)
def test_answers_of_the_helpdesk_that_get_lost(stack, thinking, count):
    """A third of our writes are committed and their answers dropped: each is found, none is repeated."""
    with stack.faults({"method": "PUT", "path": "/tickets/", "drop_answer": True, "share": 0.33}):
        load = Load(stack, count)
        load.report("a third of the answers lost", load.settle(60))


@pytest.mark.chaos
def test_everything_at_once(stack, thinking):
    """Webhooks doubled, lost and late, faltering writes, a kill every few seconds: nothing lost, nothing twice."""
    switches = {"duplicate_share": 0.3, "drop_share": 0.1, "delay_seconds": 2.0}
    faults = (
        {"method": "PUT", "path": "/tickets/", "drop_answer": True, "share": 0.1},
        {"path": "/tickets/", "status": 503, "share": 0.05},
        {"path": "/tickets/", "delay_before": 1.5, "share": 0.05},
    )
    with stack.switched(**switches), stack.faults(*faults):
        load = Load(stack, 60)
        for name in ("worker-1", "redis", "worker-2", "receiver", "chroma", "worker-1"):
            time.sleep(2)
            stack.wait_back(name, stack.kill(name))
        stack.wait_ready()
        wait_until(lambda: stack.command("reconcile").returncode == 0, 60, what="a whole look at the changes")
        load.report("everything at once", load.settle(150))
