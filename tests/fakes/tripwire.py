"""Crash points for real processes: whoever makes a certain call is killed, or put to sleep, at that very moment.

The product has no hook for it and needs none: every stage of a ticket speaks to somebody, and that somebody is ours.
"""

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.fakes.proxy import process_of

# In the order of a ticket's way: the helpdesk is read, the model asked for the intent, Chroma searched, the model asked
# for a draft, the write arrives and is not done, the write is done and its answer not sent.
STAGES = ("read", "classify", "search", "draft", "write", "written")
_TICKET = re.compile(r"/api/v2/tickets/(\d+)(?:\.json)?$")


@dataclass(frozen=True, slots=True)
class Sprung:
    """A wire that was walked into. `ticket_id` is known where the call names it."""

    stage: str
    pid: int
    at: float
    ticket_id: int | None


class Tripwires:
    """One wire at a time. `pids` says whose calls count; `read_at` is when each ticket was last read for work."""

    def __init__(self, pids: Callable[[], Iterable[int]]) -> None:
        self.read_at: dict[int, float] = {}
        self._pids = pids
        self._lock = threading.Lock()
        self._stage = ""
        self._signal = signal.SIGKILL
        self._sprung: Sprung | None = None
        self._done = threading.Event()

    def arm(self, stage: str, number: signal.Signals = signal.SIGKILL) -> None:
        with self._lock:
            assert stage in STAGES
            self._stage, self._signal, self._sprung = stage, number, None
            self._done.clear()

    def wait(self, seconds: float) -> Sprung | None:
        """Wait until somebody has walked into the wire; take it away and return None if nobody has."""
        self._done.wait(seconds)
        with self._lock:
            self._stage = ""
            return self._sprung

    def cross(self, stage: str, port: int, ticket_id: int | None = None) -> None:
        """Somebody has come to this stage, with a connection from this port."""
        if stage != self._stage:
            return
        with self._lock:
            if stage != self._stage or (pid := process_of(port, self._pids())) is None:
                return
            os.kill(pid, self._signal)
            self._stage, self._sprung = "", Sprung(stage, pid, time.monotonic(), ticket_id)
            self._done.set()

    def around(self, app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterator[bytes]]:
        """Return the helpdesk's application with wires before it."""

        def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            found = _TICKET.search(environ["PATH_INFO"])
            if not found:
                return app(environ, start_response)
            ticket_id, port = int(found[1]), int(environ["REMOTE_PORT"])
            is_write = environ["REQUEST_METHOD"] == "PUT"
            self.cross("write" if is_write else "read", port, ticket_id)
            answer = list(app(environ, start_response))
            if is_write:
                self.cross("written", port, ticket_id)
            else:
                self.read_at[ticket_id] = time.monotonic()
            return answer

        return guarded

    def at_model(self, port: int, request: str) -> None:
        self.cross("draft" if '"sentences"' in request else "classify", port)

    def at_chroma(self, port: int, piece: bytes) -> None:
        if piece.startswith(b"POST") and b"/query" in piece[:400]:
            self.cross("search", port)
