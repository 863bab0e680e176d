"""The only module that knows RQ and Redis. The queue is a doorbell: a ring says "look", and carries ids alone.

A ring may be lost, repeated, late or out of order without any effect but delay; what is due stands in SQL.
Jobs are JSON, and only the functions named here can be called through them, whoever wrote to Redis.
"""

import os
import random
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from config.logs import get_logger

QUEUE = "deskhand"
DELIVERY = "workers.jobs.handle_delivery"
TICKET = "workers.jobs.work_on_ticket"
SCHEDULED = "workers.jobs.run_scheduled"
ALLOWED = frozenset({DELIVERY, TICKET, SCHEDULED})

log = get_logger(__name__)


def process_name() -> str:
    """Name this process so that no other, past or present, has the same name."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{random.randrange(1 << 32):08x}"  # noqa: S311 - a name


@dataclass(frozen=True, slots=True)
class FailedRing:
    """A ring whose function raised, or that nobody may ring. What it was for is due in SQL, and rung for again."""

    job_id: str
    function: str


class ForbiddenJobError(Exception):
    """A job in Redis names a function that is not ours."""


class OurJob(Job):
    """A job that can only be one of our own functions, without callbacks."""

    @property
    def func(self) -> Any:
        if self.func_name not in ALLOWED or self.instance:
            raise ForbiddenJobError(f"job {self.id} names a function that is not ours")
        return super().func

    @property
    def success_callback(self) -> None:
        return None

    @property
    def failure_callback(self) -> None:
        return None

    @property
    def stopped_callback(self) -> None:
        return None


def _queue(connection: Redis) -> Queue:
    return Queue(QUEUE, connection=connection, serializer=JSONSerializer, job_class=OurJob)


class Bell:
    """Rings for workers. Never raises and never waits longer than `timeout_seconds` for Redis."""

    def __init__(self, redis_url: str, *, timeout_seconds: float = 0.25) -> None:
        self._connection = Redis.from_url(
            redis_url,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
        )
        self._jobs = _queue(self._connection)

    def ring_delivery(self, delivery_id: int) -> bool:
        """Ask for a stored delivery to be handled; return False if Redis is away."""
        return self._ring(DELIVERY, delivery_id)

    def ring_ticket(self, vendor: str, ticket_id: str) -> bool:
        """Ask for a due ticket to be worked on."""
        return self._ring(TICKET, vendor, ticket_id)

    def ring_scheduled(self, name: str, run_id: int) -> bool:
        """Ask for a scheduled run to be carried out."""
        return self._ring(SCHEDULED, name, run_id)

    def _ring(self, function: str, *args: object) -> bool:
        try:
            # No result, no time to live (an expired job vanishes silently), a failure is forgotten after a day:
            # what failed stands in SQL.
            self._jobs.enqueue_call(
                function, args=args, result_ttl=0, failure_ttl=86_400, description=function, timeout=60
            )
        except RedisError:
            return False
        return True

    def length(self) -> int | None:
        """Return how many rings wait, None if Redis is away."""
        try:
            return int(self._jobs.count)
        except RedisError:
            return None

    def is_up(self) -> bool:
        try:
            return bool(self._connection.ping())
        except RedisError:
            return False

    def take_failed(self, limit: int = 50) -> list[FailedRing]:
        """Take failed rings out of RQ's registry, so that they can be put on record; none if Redis is away."""
        try:
            registry = self._jobs.failed_job_registry
            return [self._take(registry, job_id) for job_id in registry.get_job_ids(0, limit - 1)]
        except RedisError:
            return []

    def _take(self, registry: Any, job_id: str) -> FailedRing:
        function = "unreadable"
        with suppress(Exception):  # somebody may have written nonsense there
            found = OurJob.fetch(job_id, connection=self._connection, serializer=JSONSerializer)
            function = str(found.func_name) if found.func_name in ALLOWED else "not ours"
        self._connection.zrem(registry.key, job_id)
        self._connection.delete(Job.key_for(job_id))
        return FailedRing(job_id, function)


class BellWorker(SimpleWorker):
    """Answers rings in this process, one queue, no fork; takes a ring only when a thread is free to follow it.

    One queue a worker, or RQ pops with BLPOP and a crash in that moment loses the ring until the next sweep.
    """

    job_class = OurJob
    is_free: Callable[[], bool] = staticmethod(lambda: True)

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> Any:
        while not self.is_free() and not self._stop_requested:
            time.sleep(0.02)
        return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)

    def subscribe(self) -> None:
        """Take no commands: who can write to Redis could end us by one, and RQ leaves the thread that listens behind
        when it loses Redis, once for each loss."""

    @property
    def was_asked_to_stop(self) -> bool:
        return getattr(self, "_shutdown_requested_date", None) is not None

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Log without the arguments' values; what the job was for is still due in SQL and is rung for again."""
        try:
            function = str(job.func_name)
        except Exception:  # a job that cannot be read must not end the worker
            function = "unreadable"
        log.error("ring_failed", function=function, job=job.id, error=exc_info[0].__name__)


def serve(redis_url: str, name: str, is_free: Callable[[], bool]) -> bool:
    """Answer rings until SIGTERM or SIGINT, then return True; return False when Redis has gone away under us."""
    worker = BellWorker(
        [QUEUE],
        # Never the same twice: a Redis that comes back still holds the worker it lost, and RQ refuses its name.
        name=f"{name}-{secrets.token_hex(3)}",
        connection=Redis.from_url(redis_url),
        serializer=JSONSerializer,
        job_class=OurJob,
        queue_class=Queue,
        worker_ttl=18,
        maintenance_interval=30,
        log_job_description=False,
    )
    worker.max_connection_wait_time = 2
    worker.is_free = is_free
    try:
        worker.work(logging_level="WARNING", with_scheduler=False)
    except Exception:
        if not worker.was_asked_to_stop:  # else it is RQ's good-bye that failed: Redis was stopped with us
            raise
    return worker.was_asked_to_stop
