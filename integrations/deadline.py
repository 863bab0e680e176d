"""Connections that hold one total deadline, whoever drips at the other end.

A timeout of requests or urllib3 starts anew with every byte received: one byte a second keeps a thread for ever. Here
each read and write on the socket is given what is left of the thread's current call, and no more.
"""

import math
import threading
import time
from contextlib import suppress
from io import BufferedReader, RawIOBase
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class _Call(threading.local):
    """The call that runs in this thread: until when, and how far it came.

    `has_sent` is true once bytes of the request went out, `is_reused` while no new connection was opened for it.
    """

    until: float = math.inf
    has_sent: bool = False
    is_reused: bool = True

    def begin(self, until: float) -> None:
        """Start a call that ends at `until`, a value of `time.monotonic()`."""
        self.until, self.has_sent, self.is_reused = until, False, True

    def left(self) -> float | None:
        """Return the seconds left, None for no end; raise TimeoutError if there are none."""
        if self.until == math.inf:
            return None
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


call = _Call()


class _TimedReader(RawIOBase):
    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(call.left())
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        with suppress(OSError):
            self._raw.close()
        super().close()


class _TimedSocket:
    """A connected socket, TLS included, as far as http.client and urllib3 use one."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(call.left())
        call.has_sent = True
        self._sock.sendall(data)

    def makefile(self, *_: Any, **__: Any) -> BufferedReader:
        return BufferedReader(_TimedReader(self._sock))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class _Connection(HTTPConnection):
    def connect(self) -> None:
        call.is_reused = False
        super().connect()
        self.sock = _TimedSocket(self.sock)


class _TLSConnection(HTTPSConnection):
    def connect(self) -> None:
        call.is_reused = False
        super().connect()
        self.sock = _TimedSocket(self.sock)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _Pool, "https": _TLSPool}
