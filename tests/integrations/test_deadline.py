"""The clock each thread's call runs against, and that it holds over TLS too."""

import math
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from integrations.deadline import call
from integrations.errors import TransientError
from integrations.transport import Transport


def test_a_call_counts_down_and_then_times_out():
    """What is left shrinks to nothing, and nothing left is a timeout."""
    call.begin(time.monotonic() + 60)
    assert 59 < (call.left() or 0) <= 60
    call.begin(time.monotonic() - 1)
    with pytest.raises(TimeoutError):
        call.left()
    call.begin(math.inf)
    assert call.left() is None


def test_each_thread_has_its_own_call():
    """A deadline set in one thread does not bind another."""
    call.begin(time.monotonic() - 1)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(call.left).result() is None
    call.begin(math.inf)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, with its key, made for this run."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not on PATH: no certificate for a TLS server")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *name, "-keyout", "-", "-out", "-"],
        capture_output=True,
        check=True,
    )
    path.write_bytes(made.stdout)
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[tuple[str, list[float]]]:
    """A TLS server whose connections answer properly, except that the pauses in the list drip the next answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    pauses: list[float] = []

    def serve(plain: socket.socket) -> None:
        try:
            with context.wrap_socket(plain, server_side=True) as connection:
                while connection.recv(65536):
                    pause = pauses.pop(0) if pauses else 0.0
                    data = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1]" + b" " * 97
                    for byte in data if pause else []:
                        connection.sendall(bytes([byte]))
                        time.sleep(pause)
                    if not pause:
                        connection.sendall(data)
        except OSError:
            return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", pauses
        listener.shutdown(socket.SHUT_RDWR)


def test_calls_over_tls_are_answered_and_keep_their_deadline(tls_server, certificate, monkeypatch):
    """Over TLS calls are answered, a dripping answer ends at the deadline, and the next call works again."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    url, pauses = tls_server
    transport = Transport(url, timeout_seconds=0.6)
    assert transport.get("/things") == [1]
    assert transport.put("/things") == [1]
    pauses.append(0.05)
    began = time.monotonic()
    with pytest.raises(TransientError) as caught:
        transport.put("/things")
    assert caught.value.maybe_done
    assert 0.5 < time.monotonic() - began < 1.5
    assert transport.get("/things") == [1]


def test_an_unknown_certificate_is_refused_before_anything_is_sent(tls_server):
    """Without trust in the certificate nothing leaves, so nothing can have been done."""
    with pytest.raises(TransientError) as caught:
        Transport(tls_server[0], timeout_seconds=5).put("/things", json={"secret": 1})
    assert not caught.value.maybe_done
    assert "SSLError" in str(caught.value)
