"""Processes die, sleep and lose their memory under load: every ticket gets its outcome, once and soon.

A worker is one process with threads (docs/adr/0002): there is no work-horse beside it to be killed by itself.
"""

import os
import signal
import time

import pytest
from redis import Redis

from tests.chaos.outages import OUTAGES, full_disk, leader_name
from tests.chaos.tally import TALLY
from tests.fakes.stack import mark_of, wait_until
from tests.fakes.tripwire import STAGES

pytestmark = [pytest.mark.xdist_group("stack")]

SOON_SECONDS = 15.0  # from the end of a fault until work goes on
PATIENCE_SECONDS = 90.0  # how long we look before we say that something is lost
ANSWER_MS = 2000  # of a webhook; the vendors wait 5 s and 10 s, and this machine may be busy
QUESTIONS = (
    ("Staff can't see rota", "How do I publish the schedule for next week so that everybody sees it?"),
    ("Same shifts", "How do I copy this week's shifts to the following week?"),
    ("geofence", "My staff get the message outside the geofence when they clock in. How do I make the radius larger?"),
    ("VAT", "How do I add our VAT number to the invoices?"),
    ("TM-1042", "The import of shifts stops with TM-1042, what is wrong with my file?"),
)
# A short round by default, a longer one under the mark chaos.
SIZES = [pytest.param(8, marks=pytest.mark.real, id="8"), pytest.param(30, marks=pytest.mark.chaos, id="30")]


def _outage_mark(name: str) -> pytest.MarkDecorator:
    """Two of them belong to every run, the others to the long one."""
    return pytest.mark.real if name in ("Redis a black hole", "Redis full") else pytest.mark.chaos


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

    def settle(self) -> float:
        """Wait for every outcome and return the seconds since the fault, or since the first message."""
        wait_until(lambda: not self.unsettled(), PATIENCE_SECONDS, what=f"an outcome of all {len(self.written)}")
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
        """Say the figures, and hold that nothing was lost, nothing was done twice, and work went on soon."""
        lost, wrong, twice = len(self.unsettled()), self.answered_wrongly(), self.stack.duplicates()
        count = len(self.written)
        print(f"\n{fault}: {count} messages, all settled after {seconds:.1f} s, {lost} lost, {twice} duplicated")
        TALLY.add(messages=count, faults=1, lost=lost, duplicated=twice, unexplained=max(0, len(wrong) - twice))
        assert (lost, wrong, twice) == (0, [], 0)
        assert seconds < SOON_SECONDS + calm_seconds(self.stack)


_calm: dict[int, float] = {}


def calm_seconds(stack) -> float:
    """Return how long this machine takes for some tickets when nothing goes wrong, measured once."""
    if id(stack) not in _calm:
        _calm[id(stack)] = 0.0
        _calm[id(stack)] = Load(stack, 8).settle()
    return _calm[id(stack)]


@pytest.fixture
def thinking(stack):
    """A model that takes a second, so that there is a middle of a ticket to die in."""
    stack.model.latency_seconds = 1.0
    with stack.switched(limits_factor=100):  # else what waits for the vendor's next minute counts as not yet recovered
        calm_seconds(stack)
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
    load.report("kill -9 of a worker", load.settle())
    stack.wait_back("worker-1", pid)


@pytest.mark.parametrize("count", SIZES)
def test_redis_killed_and_emptied(stack, thinking, count):
    """Redis dies under load and comes back; then all it holds is wiped: nothing is lost by either."""
    load = Load(stack, count)
    load.reach_the_middle(1)
    pid = stack.kill("redis")
    load.report("kill -9 of Redis", load.settle())
    stack.wait_back("redis", pid)
    stack.wait_ready()

    load = Load(stack, count)
    Redis.from_url(stack.redis_url).flushall()
    load.report("FLUSHALL", load.settle())


@pytest.mark.parametrize("name", [pytest.param(n, marks=_outage_mark(n)) for n in OUTAGES])
def test_an_outage_delays_no_webhook_and_loses_nothing(stack, thinking, name):
    """Messages that come while something is away are taken in at once, and are settled soon after it is back."""
    since = stack.twin.books.since(0, 0)[1]
    with OUTAGES[name](stack):
        load = Load(stack, 4)
        time.sleep(6)
        wait_until(stack.twin.sender.is_idle, what="the last webhook")
        load.fault_at = time.monotonic()
    load.report(f"6 s of {name}", load.settle())
    took = [entry["latency_ms"] for entry in stack.twin.books.since(since, 10_000)[0] if entry["kind"] == "webhook"]
    print(f"webhooks answered within {max(took):.0f} ms meanwhile")
    assert max(took) < ANSWER_MS


@pytest.mark.chaos
@pytest.mark.parametrize("stage", STAGES)
def test_a_worker_killed_at_a_stage(stack, thinking, stage):
    """kill -9 at the very call of a stage: its tickets are taken over, and no requester hears of us twice."""
    stack.wires.arm(stage)
    load = Load(stack, 8)
    sprung = stack.wires.wait(30)
    if sprung is None and stage == "classify":
        pytest.skip("stage one was sure of every message")
    assert sprung, "nobody came by"
    load.fault_at = sprung.at
    load.report(f"kill -9 at {stage}", load.settle())


@pytest.mark.chaos
@pytest.mark.parametrize("stage", ["read", "draft", "write", "written"])
def test_a_worker_asleep_past_its_lease(stack, thinking, stage):
    """SIGSTOP at the very call of a stage, for longer than the lease: the sleeper wakes up and does nothing more."""
    stack.wires.arm(stage, signal.SIGSTOP)
    load = Load(stack, 8)
    sprung = stack.wires.wait(30)
    assert sprung, "nobody came by"
    time.sleep(11)
    left = len(load.unsettled())
    load.fault_at = time.monotonic()
    os.kill(sprung.pid, signal.SIGCONT)
    seconds = load.settle()
    stack.rest()
    load.report(f"asleep at {stage} for 11 s, {left} open at its end", seconds)


@pytest.mark.chaos
def test_a_full_disk(stack, thinking):
    """While nothing can be written no webhook is answered 2xx and no reply goes out twice; then all goes on."""
    load = Load(stack, 8)
    load.reach_the_middle()
    with full_disk(stack):
        refused = stack.post(stack.trigger_body(1, "1"))
        time.sleep(5)
    assert refused.status_code == 409
    load.fault_at = time.monotonic()
    wait_until(stack.twin.sender.is_idle, what="the last webhook")
    load.report("5 s of a full disk", load.settle())


@pytest.mark.chaos
def test_the_leader_killed(stack, thinking):
    """kill -9 of whoever sweeps, with all rings lost: another sweeps within seconds."""
    name = wait_until(lambda: leader_name(stack), what="a leader")
    load = Load(stack, 8)
    Redis.from_url(stack.redis_url).flushall()
    pid = stack.kill(name)
    load.fault_at = time.monotonic()
    load.report(f"kill -9 of the leader, {name}", load.settle())
    stack.wait_back(name, pid)


@pytest.mark.chaos
def test_receiver_and_workers_killed_at_once(stack, thinking):
    """kill -9 of door and workers: what had been stored is worked on, what met a dead door is found."""
    load = Load(stack, 12)
    load.reach_the_middle()
    pids = {name: stack.kill(name) for name in ("receiver", "worker-1", "worker-2", "scheduler")}
    for name, pid in pids.items():
        stack.wait_back(name, pid)
    stack.wait_ready(60)
    wait_until(stack.twin.sender.is_idle, what="the last webhook")
    assert stack.command("reconcile").returncode == 0
    load.fault_at = time.monotonic()
    load.report("kill -9 of receiver, workers and scheduler", load.settle())


@pytest.mark.parametrize("count", SIZES)
def test_the_receiver_killed(stack, thinking, count):
    """Webhooks that meet a dead door are lost by the vendor's rules; the reconciler finds their tickets."""
    pid = stack.kill("receiver")
    load = Load(stack, count)
    stack.wait_back("receiver", pid)
    stack.wait_ready()
    wait_until(stack.twin.sender.is_idle, what="the last webhook")
    assert stack.command("reconcile").returncode == 0
    load.fault_at = time.monotonic()
    load.report("kill -9 of the receiver", load.settle())


@pytest.mark.parametrize("count", SIZES)
def test_chroma_killed(stack, thinking, count):
    """Without Chroma the vectors in memory are searched: nothing waits for it."""
    pid = stack.kill("chroma")
    load = Load(stack, count)
    load.report("kill -9 of Chroma", load.settle())
    stack.wait_back("chroma", pid)


@pytest.mark.parametrize("count", SIZES)
def test_answers_of_the_helpdesk_that_get_lost(stack, thinking, count):
    """A third of our writes are committed and their answers dropped: each is found, none is repeated."""
    with stack.faults({"method": "PUT", "path": "/tickets/", "drop_answer": True, "share": 0.33}):
        load = Load(stack, count)
        load.report("a third of the answers lost", load.settle())
