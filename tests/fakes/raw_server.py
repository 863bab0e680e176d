"""A TCP server on 127.0.0.1 that plays one scripted answer a request: all that a good server never does."""

import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Script = Callable[[socket.socket], bool]  # plays an answer; true keeps the connection open


@dataclass
class RawServer:
    """`requests` holds what came in (first line, headers in lower case, body); `scripts` are played in order."""

    port: int
    scripts: list[Script] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def reply(status: str = "200 OK", body: bytes = b"{}", *, keep: bool = True, **headers: str) -> Script:
    """Answer properly; header names are given with underscores for hyphens."""

    def play(connection: socket.socket) -> bool:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return keep

    return play


def raw(data: bytes) -> Script:
    """Send exactly these bytes and close."""

    def play(connection: socket.socket) -> bool:
        connection.sendall(data)
        return False

    return play


def drip(data: bytes, pause_seconds: float) -> Script:
    """Send one byte at a time."""

    def play(connection: socket.socket) -> bool:
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(pause_seconds)
        return False

    return play


def flood(connection: socket.socket) -> bool:
    """Send a body that never ends, as fast as it is taken."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b" " * 65536)


def hang(seconds: float) -> Script:
    def play(connection: socket.socket) -> bool:
        time.sleep(seconds)
        return False

    return play


def hang_up(connection: socket.socket) -> bool:
    """Read the request and close without a word."""
    return False


def reply_then_close(status: str = "200 OK", body: bytes = b"{}") -> Script:
    """Answer as if the connection were kept, and close it right after."""
    return reply(status, body, keep=False)


@contextmanager
def raw_server(*scripts: Script) -> Iterator[RawServer]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            book.connections += 1
            stream = self.request.makefile("rb")
            while request := _read(stream):
                book.requests.append(request)
                try:
                    if not book.scripts.pop(0)(self.request):
                        return
                except (OSError, IndexError):
                    return

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        book = RawServer(server.server_address[1], list(scripts))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield book
        finally:
            server.shutdown()


def _read(stream: Any) -> tuple[str, dict[str, str], bytes] | None:
    try:
        first = stream.readline().decode().strip()
        if not first:
            return None
        headers = {}
        while line := stream.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return first, headers, stream.read(int(headers.get("content-length", 0)))
    except OSError:
        return None
