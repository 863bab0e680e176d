"""What can be away, full or slow for a while: each a context that brings it about and ends it in order."""

import re
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from redis import Redis
from sqlalchemy import select

from scripts.processes import Child
from scripts.sandbox import faults
from tests.fakes.postgres import Cluster
from tests.fakes.proxy import Proxy
from tests.fakes.stack import Stack, wait_until
from workers.store.tables import leader, reading

SLOW_SECONDS = 0.4  # a piece, each way


@contextmanager
def black_hole(proxy: Proxy) -> Iterator[None]:
    """Accept connections and answer nothing, also on those that stand."""
    proxy.is_black_hole = True
    try:
        yield
    finally:
        proxy.is_black_hole = False


@contextmanager
def slow(proxy: Proxy) -> Iterator[None]:
    proxy.delay_seconds = SLOW_SECONDS
    try:
        yield
    finally:
        proxy.delay_seconds = 0.0


@contextmanager
def lost_redis(stack: Stack) -> Iterator[None]:
    """Kill Redis and lose the file it would have come back from."""
    stack.revives = False
    try:
        stack.kill("redis")
        wait_until(lambda: not stack.child("redis").is_alive(), 5)
        for path in (stack.settings.data / "redis").rglob("*.aof*"):
            path.unlink()
        yield
    finally:
        stack.revives = True


@contextmanager
def full_redis(stack: Stack) -> Iterator[None]:
    """Let Redis answer and take nothing in."""
    redis = Redis.from_url(stack.redis_url)
    redis.config_set("maxmemory", "1")
    try:
        yield
    finally:
        redis.config_set("maxmemory", "0")


@contextmanager
def full_disk(stack: Stack) -> Iterator[None]:
    """Let no file of ours grow any more: what a write to a full disk meets, without a disk to fill.

    It holds for every process that writes the database; their logs cannot grow either.
    """
    pids = [pid for child in stack.family.children if child.name not in ("redis", "chroma") for pid in _family(child)]
    try:
        for pid in pids:
            _limit_files(pid, 0)
        yield
    finally:
        for pid in pids:
            _limit_files(pid, resource.RLIM_INFINITY)


def _family(child: Child) -> list[int]:
    """Return a process with its children: the door serves from one that it has forked."""
    if child.process is None:
        return []
    pid = child.process.pid
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def _limit_files(pid: int, size: int) -> None:
    with suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextmanager
def dead_postgres(cluster: Cluster) -> Iterator[None]:
    """kill -9 of the server and its children; afterwards it recovers from its log."""
    cluster.kill()
    try:
        yield
    finally:
        cluster.start()


@contextmanager
def helpdesk_away(stack: Stack) -> Iterator[None]:
    """Let every call of its API be refused, whatever else befalls single calls."""
    twin, away = stack.twin, faults.parse({"status": 503})
    take = twin.faults.take
    twin.faults.take = lambda *_: away  # type: ignore[method-assign]
    try:
        yield
    finally:
        twin.faults.take = take  # type: ignore[method-assign]


@contextmanager
def model_away(stack: Stack) -> Iterator[None]:
    stack.model.refuse_with = 529
    try:
        yield
    finally:
        stack.model.refuse_with = 0


def leader_name(stack: Stack) -> str:
    """Return the name of the process that sweeps, "" if it is none of ours just now."""
    with reading(stack.engine) as connection:
        owner = connection.scalar(select(leader.c.owner).where(leader.c.name == "sweep")) or ""
    found = re.search(r"-(\d+)-[0-9a-f]{8}$", owner)
    running = {child.process.pid: child.name for child in stack.family.children if child.process}
    return running.get(int(found[1]), "") if found else ""


Outage = Callable[[Stack], AbstractContextManager[None]]
OUTAGES: dict[str, Outage] = {
    "Redis killed, its file lost": lost_redis,
    "Redis full": full_redis,
    "Redis a black hole": lambda stack: black_hole(stack.redis_proxy),
    "Redis slow": lambda stack: slow(stack.redis_proxy),
    "Chroma a black hole": lambda stack: black_hole(stack.chroma_proxy),
    "Chroma slow": lambda stack: slow(stack.chroma_proxy),
    "helpdesk away": helpdesk_away,
    "model away": model_away,
}
