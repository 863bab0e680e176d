"""Background jobs as the account has them: queued, working, completed, with one row of result for each item.

One thread works them off in order, each item under the account's lock, so that other calls come between.
"""

import queue
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.sandbox.state import World

MAX_IN_FLIGHT = 30
_KEPT = 1000

Row = dict[str, Any]


class TooManyJobsError(Exception):
    """Thirty jobs wait or run already; `ids` are theirs."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__(ids)
        self.ids = ids


@dataclass(slots=True)
class Job:
    id: str
    type: str
    items: Sequence[Callable[[], Row]]
    status: str = "queued"
    progress: int = 0
    message: str | None = None
    results: list[Row] = field(default_factory=list)

    @property
    def is_under_way(self) -> bool:
        return self.status in ("queued", "working")


class Jobs:
    """Takes jobs and works them off. `delay_seconds` is how long a job stands in each state before it goes on."""

    def __init__(self, world: World) -> None:
        self.delay_seconds = 0.05
        self._world = world
        self._jobs: dict[str, Job] = {}
        self._waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def submit(self, kind: str, items: Sequence[Callable[[], Row]]) -> Job:
        """Queue a job of items, each a call that does its work and returns its row. The caller holds the lock."""
        under_way = [job.id for job in self._jobs.values() if job.is_under_way]
        if len(under_way) >= MAX_IN_FLIGHT:
            raise TooManyJobsError(under_way)
        job = Job(f"V3-{secrets.token_hex(16)}", kind, items)
        self._jobs[job.id] = job
        if len(self._jobs) > _KEPT:
            self._jobs.pop(next(iter(self._jobs)))
        self._waiting.put(job)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
            self._thread.start()
        return job

    def find(self, job_id: str) -> Job | None:
        return self._jobs.get(job_id)

    def newest_first(self) -> list[Job]:
        return list(reversed(self._jobs.values()))

    def forget(self) -> None:
        """Kill what waits and forget every job."""
        for job in self._jobs.values():
            if job.is_under_way:
                job.status = "killed"
        self._jobs = {}

    def _run(self) -> None:
        while True:
            job = self._waiting.get()
            time.sleep(self.delay_seconds)
            if job.status != "queued":
                continue
            job.status = "working"
            time.sleep(self.delay_seconds)
            self._work(job)

    def _work(self, job: Job) -> None:
        for item in job.items:
            with self._world.lock:
                if job.status != "working":
                    return
                job.results.append(item())
                job.progress += 1
        job.message = "Completed at " + self._world.now().strftime("%Y-%m-%d %H:%M:%S +0000")
        job.status = "completed"
