"""The account's clock: real time, which may be moved ahead so that tokens end, windows pass and tickets age."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the time of the account. It only ever goes forward; `reset` brings it back to the real time."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._ahead = timedelta()

    @property
    def ahead_seconds(self) -> float:
        return self._ahead.total_seconds()

    def now(self) -> datetime:
        return self._now() + self._ahead

    def monotonic(self) -> float:
        """Return seconds that grow with real time and with every move ahead: for ends of tokens and windows."""
        return time.monotonic() + self.ahead_seconds

    def advance(self, seconds: float) -> None:
        """Move ahead; raise ValueError for a step back."""
        if seconds < 0:
            raise ValueError("the clock goes forward only; reset brings it back")
        self._ahead += timedelta(seconds=seconds)

    def reset(self) -> None:
        self._ahead = timedelta()
