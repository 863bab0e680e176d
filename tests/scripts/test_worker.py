"""A worker process: it answers its tickets, and ends in good order whatever is away."""

import signal
import time

import pytest
from sqlalchemy import select

from tests.fakes.stack import wait_until
from workers.store.tables import case, reading

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("stack")]


def attempts(stack, message_id):
    with reading(stack.engine) as connection:
        return connection.scalar(select(case.c.attempts).where(case.c.message_id == message_id))


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
