"""The books: what was asked of the sandbox, what was written, and what it sent, in order."""

import threading
import time
from typing import Any

_KEPT = 200_000


class Books:
    """A numbered list of entries. The oldest tenth is dropped when more than 200,000 are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[dict[str, Any]] = []
        self._first = 1

    def add(self, kind: str, **values: Any) -> None:
        """Append an entry: `request`, `write` or `webhook`."""
        with self._lock:
            number = self._first + len(self._entries)
            self._entries.append({"seq": number, "at": round(time.time(), 3), "kind": kind, **values})
            if len(self._entries) > _KEPT:
                drop = _KEPT // 10
                del self._entries[:drop]
                self._first += drop

    def since(self, number: int, limit: int = 1000) -> tuple[list[dict[str, Any]], int]:
        """Return up to `limit` entries after entry `number`, and the number of the newest entry of all."""
        with self._lock:
            start = max(0, number + 1 - self._first)
            return self._entries[start : start + limit], self._first + len(self._entries) - 1

    def clear(self) -> None:
        """Forget the entries; numbers go on, so that a reader's place stays valid."""
        with self._lock:
            self._first += len(self._entries)
            self._entries.clear()
