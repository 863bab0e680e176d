"""Deliveries that wait for their time, and the threads that make them; several do, so no order is promised."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import requests

_NAP_SECONDS = 1.0

T = TypeVar("T")


class DueQueue(Generic[T]):
    """Calls `deliver` with each item once its time has come, until `stop`. `clock` tells seconds, and may be moved.

    `lock` guards the queue; its holder may take it again, so a sender may keep its own books under it.
    """

    def __init__(
        self,
        name: str,
        deliver: Callable[[requests.Session, T], None],
        *,
        threads: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lock = threading.Condition()
        self.held_until = 0.0  # nothing is delivered before this
        self._name, self._deliver, self._clock = name, deliver, clock
        self._threads_wanted = threads
        self._threads: list[threading.Thread] = []
        self._due: list[tuple[float, int, T]] = []
        self._order = itertools.count()
        self._busy = 0
        self._stopping = False

    def put(self, item: T, delay: float) -> float:
        """Deliver this after `delay` seconds; return when that is. The first item starts the threads."""
        due = self._clock() + delay
        with self.lock:
            heapq.heappush(self._due, (due, next(self._order), item))
            self.lock.notify()
            self._start_threads()
        return due

    def is_idle(self) -> bool:
        """Say whether nothing is waiting or under way."""
        with self.lock:
            return not self._due and not self._busy

    def poke(self) -> None:
        """Look at the clock again: it was moved."""
        with self.lock:
            self.lock.notify_all()

    def clear(self) -> None:
        """Drop what waits."""
        with self.lock:
            self._due.clear()
            self.held_until = 0.0

    def stop(self) -> None:
        """End the threads; what still waits is not delivered."""
        with self.lock:
            self._stopping = True
            self._due.clear()
            self.lock.notify_all()
        for thread in self._threads:
            thread.join(timeout=0.5)  # one that waits for an answer ends with the process

    def _start_threads(self) -> None:
        while len(self._threads) < self._threads_wanted and not self._stopping:
            thread = threading.Thread(target=self._run, name=f"{self._name}-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self) -> None:
        session = plain_session()
        while (found := self._next()) is not None:
            try:
                self._deliver(session, found[0])
            finally:
                with self.lock:
                    self._busy -= 1

    def _next(self) -> tuple[T] | None:
        with self.lock:
            while not self._stopping:
                wait = max(self._due[0][0], self.held_until) - self._clock() if self._due else _NAP_SECONDS
                if self._due and wait <= 0:
                    self._busy += 1
                    return (heapq.heappop(self._due)[2],)
                self.lock.wait(min(wait, _NAP_SECONDS))  # the clock may be moved by whoever shares it
            return None


def plain_session() -> requests.Session:
    """Return a session that heeds no proxy of the environment."""
    session = requests.Session()
    session.trust_env = False
    return session
