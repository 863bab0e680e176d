"""Real HTTP for the sandbox: threaded servers that keep connections open, one per stand-in."""

import io
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer, WSGIRequestHandler

_MAX_BODY = 64 * 1024 * 1024
_IDLE_SECONDS = 75
_DRIPS = 20


class KeepAliveHandler(WSGIRequestHandler):
    """Answers many requests on one connection.

    Werkzeug's own handler closes the connection after every answer and then waits a while for stray bytes; a client
    with a pool would meet neither from the real vendor. Here the body is read whole first, so nothing is left over.
    """

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    wbufsize = -1  # head and body leave together

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        body = self._body(environ)
        if body is None:
            return
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], None]:
            started.append((status, headers))
            return _no_write

        result = self.server.app(environ, start_response)
        try:
            data = b"".join(result)
        finally:
            _close(result)
        spoil = environ.get("sandbox.spoil")
        if spoil == "drop":
            self.close_connection = True
            return
        if spoil == "reset":
            self._break_off(*started[-1], data)
            return
        self._send(
            *started[-1],
            data,
            has_body=environ["REQUEST_METHOD"] != "HEAD",
            drip_seconds=environ.get("sandbox.drip_seconds", 0.0),
            stall_seconds=environ.get("sandbox.stall_seconds", 0.0),
            stream_seconds=environ.get("sandbox.stream_seconds"),
        )

    def _break_off(self, status: str, headers: list[tuple[str, str]], data: bytes) -> None:
        """Promise the whole body, send half of it, and reset the connection."""
        self.close_connection = True
        self._send(status, [*headers, ("Content-Length", str(len(data)))], data[: len(data) // 2], has_body=True)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _body(self, environ: dict[str, Any]) -> bytes | None:
        """Read the request's body, or refuse it and return None."""
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if environ.get("wsgi.input_terminated"):
            data: bytes = environ["wsgi.input"].read(_MAX_BODY + 1)
            too_long, broken = len(data) > _MAX_BODY, False
        else:
            text = environ.get("CONTENT_LENGTH") or "0"
            broken = not text.isdigit()
            too_long = not broken and int(text) > _MAX_BODY
            data = b"" if broken or too_long else self.rfile.read(int(text))
        if broken or too_long:
            self.close_connection = True
            self._send("400 Bad Request" if broken else "413 Content Too Large", [], b"", has_body=True)
            return None
        return data

    def _send(
        self,
        status: str,
        headers: list[tuple[str, str]],
        data: bytes,
        *,
        has_body: bool,
        drip_seconds: float = 0.0,
        stall_seconds: float = 0.0,
        stream_seconds: float | None = None,
    ) -> None:
        """Send an answer; with `stream_seconds` an event stream without a length, unless a fault spoils it."""
        code, _, words = status.partition(" ")
        names = {name.lower() for name, _ in headers}
        is_stream = stream_seconds is not None and has_body and not (drip_seconds or stall_seconds)
        self.send_response_only(int(code), words)
        self.send_header("Server", self.version_string())
        if "date" not in names:
            self.send_header("Date", self.date_time_string())
        for name, value in headers:
            self.send_header(name, value)
        if is_stream:
            self.send_header("Transfer-Encoding", "chunked")
        elif "content-length" not in names and int(code) not in (204, 304):
            self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if is_stream:
            self._stream(data, stream_seconds or 0.0)
        elif has_body and stall_seconds:
            self._stall(data, stall_seconds)
        elif has_body and drip_seconds:
            self._drip(data, drip_seconds)
        elif has_body:
            self.wfile.write(data)
        self.wfile.flush()

    def _stream(self, data: bytes, seconds: float) -> None:
        """Send each event as soon as it is said, all of them spread over this time."""
        events = [event + b"\n\n" for event in data.split(b"\n\n") if event]
        for event in events:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            self.wfile.flush()
            time.sleep(seconds / len(events))
        self.wfile.write(b"0\r\n\r\n")

    def _drip(self, data: bytes, seconds: float) -> None:
        """Send the body in pieces spread over this time."""
        size = max(1, len(data) // _DRIPS)
        pieces = [data[start : start + size] for start in range(0, len(data), size)]
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(seconds / len(pieces))

    def _stall(self, data: bytes, seconds: float) -> None:
        """Send half of the body, then nothing for this time, then the rest."""
        self.wfile.write(data[: len(data) // 2])
        self.wfile.flush()
        time.sleep(seconds)
        self.wfile.write(data[len(data) // 2 :])

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing: the books hold every call, and paths may carry words of requesters."""


def _no_write(_: bytes) -> None:
    raise RuntimeError("the sandbox's applications return their bodies")


def _close(result: Iterable[bytes]) -> None:
    close = getattr(result, "close", None)
    if close is not None:
        close()


class _Server(ThreadedWSGIServer):
    """Threads end with the process; a burst of connections waits in a long queue."""

    daemon_threads = True
    request_queue_size = 512


@dataclass(slots=True)
class Running:
    """One server at work on its own thread."""

    name: str
    server: BaseWSGIServer
    thread: threading.Thread

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(timeout=5)


def run_app(name: str, app: Flask, port: int = 0) -> Running:
    """Serve an application on this machine; port 0 takes a free one. Raises OSError if the port is taken."""
    if port:
        _refuse_taken(port)
    server = _Server("127.0.0.1", port, app, KeepAliveHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name=name, daemon=True)
    thread.start()
    return Running(name, server, thread)


def _refuse_taken(port: int) -> None:
    """Raise OSError where werkzeug itself would exit the process."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def catch_signals() -> threading.Event:
    """Return what SIGINT and SIGTERM set from now on. For the main thread."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended


def wait_for_signal(ended: threading.Event) -> None:
    """Return when a signal has come."""
    while not ended.wait(timeout=3600):
        pass
