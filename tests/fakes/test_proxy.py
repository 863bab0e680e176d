"""The proxy that goes wrong passes on, swallows and delays as it is told, and knows who is at the line."""

import os
import socket
import threading
import time

import pytest

from tests.fakes.proxy import Proxy, process_of


@pytest.fixture
def echo():
    """A server that sends back what it gets."""
    server = socket.create_server(("127.0.0.1", 0))

    def repeat(line):
        while piece := line.recv(99):
            line.sendall(piece)

    def serve():
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=repeat, args=(line,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


@pytest.fixture
def proxy(echo):
    said = []
    standing = Proxy(echo, seen=lambda port, piece: said.append((port, piece)))
    standing.said = said
    yield standing
    standing.stop()


def test_it_passes_on_and_tells_who_spoke(proxy):
    """What one side sends reaches the other, and the client's port leads to its process."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as line:
        line.sendall(b"hello")
        assert line.recv(9) == b"hello"
        port, piece = proxy.said[0]
        assert piece == b"hello"
        assert process_of(port, [1, os.getpid()]) == os.getpid()
        assert process_of(port, [1]) is None


def test_a_black_hole_answers_nothing_until_it_ends(proxy):
    """Also a connection that stood before is accepted and hears nothing; afterwards all of it arrives."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=0.3) as line:
        proxy.is_black_hole = True
        line.sendall(b"hello")
        with pytest.raises(TimeoutError):
            line.recv(9)
        proxy.is_black_hole = False
        line.settimeout(5)
        assert line.recv(9) == b"hello"


def test_a_slow_one_is_slow(proxy):
    """Each piece takes its time, in both directions."""
    proxy.delay_seconds = 0.1
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as line:
        began = time.monotonic()
        line.sendall(b"hello")
        assert line.recv(9) == b"hello"
        assert time.monotonic() - began > 0.15
