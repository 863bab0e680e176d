"""A worker process: it answers its tickets, and ends in good order whatever is away."""

import os
import signal
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from scripts.worker import hand_back_memory
from tests.fakes.stack import wait_until
from workers.store.tables import case, reading

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("stack")]


def attempts(stack, message_id):
    with reading(stack.engine) as connection:
        return connection.scalar(select(case.c.attempts).where(case.c.message_id == message_id))


def resident_megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_free_memory_goes_back():
    """What was freed below something still in use leaves the process, once a pause and until it is over."""
    blocks = [bytes(30_000) for _ in range(3000)]
    full, last = resident_megabytes(), blocks.pop()
    del blocks
    pauses = []
    hand_back_memory(lambda seconds: pauses.append(seconds) or len(pauses) > 1)
    assert full - resident_megabytes() > 45
    assert len(pauses) == 2
    assert len(last) == 30_000


def test_a_worker_asked_to_stop_finishes_its_tickets(stack):
    """SIGTERM in mid-ticket: the ticket gets its outcome on this very attempt, and the process ends with 0."""
    processes = [stack.child(name).process for name in ("worker-1", "worker-2")]
    asked = len(stack.model.requests)
    stack.model.latency_seconds = 2.0
    try:
        _, message_id = stack.write()
        wait_until(lambda: len(stack.model.requests) > asked, what="a ticket in work")
        for process in processes:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(timeout=15) for process in processes] == [0, 0]
    finally:
        stack.model.latency_seconds = 0.0
    assert stack.outcome(message_id)["action"] == "send"
    assert attempts(stack, message_id) == 1
    for name, process in zip(("worker-1", "worker-2"), processes, strict=True):
        stack.wait_back(name, process.pid)


def test_a_worker_asked_to_stop_while_redis_dies_ends_too(stack):
    """A whole machine is shut down at once: that Redis is gone first does not keep a worker alive."""
    child = stack.child("worker-1")
    worker = child.process
    wait_until(lambda: f"-{worker.pid}-" in child.last_words(50), what="a worker at work")
    time.sleep(1)
    pid = stack.kill("redis")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=8) == 0
    stack.wait_back("redis", pid)
    stack.wait_back("worker-1", worker.pid)
    stack.wait_ready()
