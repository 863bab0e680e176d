"""Keeps what is made from the shelf level with it; one thread makes it, and asks at most once in `check_seconds`."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Level(Generic[T]):
    """Hands out what `make` made last. `make` is given that, or None at first, and may return it again.

    The first call waits until there is something; later ones go on with the old while one thread makes the new.
    """

    def __init__(
        self, make: Callable[[T | None], T], check_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._make = make
        self._check_seconds = check_seconds
        self._clock = clock
        self._making = Lock()
        self._made: T | None = None
        self._checked_at = 0.0

    def current(self) -> T:
        known = self._made
        if known is None:
            with self._making:
                return self._made if self._made is not None else self._made_anew(None)
        if self._clock() - self._checked_at >= self._check_seconds and self._making.acquire(blocking=False):
            try:
                return self._made_anew(known)
            finally:
                self._making.release()
        return known

    def expire(self) -> None:
        """Ask the shelf on the next call: we changed it ourselves."""
        self._checked_at = -self._check_seconds

    def _made_anew(self, known: T | None) -> T:
        self._checked_at = self._clock()
        self._made = self._make(known)
        return self._made
