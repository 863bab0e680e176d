"""Many machines: two groups of processes with data folders of their own share one PostgreSQL, Redis and Chroma."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from scripts.processes import free_port, own_command
from tests.chaos.test_kills import Load
from tests.fakes.postgres import new_schema
from tests.fakes.stack import Stack, lend_model, wait_until
from workers.store.tables import reading, ticket

pytestmark = [pytest.mark.chaos, pytest.mark.postgres, pytest.mark.timeout(300)]


@pytest.fixture
def first(postgres_url, tmp_path):
    """The first group, with the stores that both use."""
    with new_schema(postgres_url, "many") as url:
        running = Stack(tmp_path / "first", env={"DATABASE_URL": url})
        try:
            running.start()
            running.model.latency_seconds = 1.0
            yield running
        finally:
            running.stop()


@pytest.fixture
def second(first, tmp_path):
    """`deskhand up` as another machine would run it: another folder, another port, another session of processes."""
    folder = tmp_path / "second"
    lend_model(folder)
    env = {**os.environ, **first.env, "DESKHAND_DATA": str(folder), "DESKHAND_PORT": str(free_port())}
    with (tmp_path / "second.log").open("wb") as out:
        group = subprocess.Popen(own_command("up"), env=env, stdout=out, stderr=out, start_new_session=True)
    log = tmp_path / "second.log"
    wait_until(lambda: b"ready" in log.read_bytes(), 90, what=f"a second group ({log})")
    yield group
    if group.poll() is None:
        group.terminate()
        group.wait(30)


def processes_below(pid: int) -> list[int]:
    """Return a process with all that it has started, the youngest last."""
    found = [pid]
    for one in found:
        children = Path(f"/proc/{one}/task/{one}/children")
        found += map(int, children.read_text().split()) if children.exists() else ()
    return found


def owners(stack: Stack) -> set[str]:
    """Return which worker processes hold a ticket just now."""
    with reading(stack.engine) as connection:
        return set(connection.scalars(select(ticket.c.lease_owner).where(ticket.c.lease_owner != "")))


def test_a_whole_group_killed_in_mid_load(first, second):
    """Both groups take tickets; kill -9 of every process of one: the other takes all over, once each."""
    below = processes_below(second.pid)
    load = Load(first, 24)
    pids: set[int] = set()

    def both_at_work() -> bool:
        pids.update(int(owner.split("-")[-2]) for owner in owners(first))
        return bool(pids & set(below)) and bool(pids & set(first.worker_pids()))

    wait_until(both_at_work, what="tickets in both groups")
    for pid in below:
        os.kill(pid, signal.SIGKILL)
    load.fault_at = time.monotonic()
    load.report("kill -9 of a whole group of two", load.settle())
    first.rest()
    assert first.duplicates() == 0
