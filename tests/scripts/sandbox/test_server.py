"""Real sockets: kept connections, lost answers, odd bodies, and the command itself."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import requests

pytestmark = pytest.mark.real

PERSON = {"name": "A", "email": "a@x.example"}


def _raw(url: str, text: bytes) -> bytes:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(text)
        return line.recv(65536)


def test_one_connection_serves_many_requests(served):
    """The server keeps a connection open between requests, with and without bodies."""
    url, _ = served()
    host, port = url.removeprefix("http://").split(":")
    ask = b"GET /_control/ready HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=5) as line:
        for _ in range(3):
            line.sendall(ask)
            answer = line.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")
            assert b"Connection: close" not in answer


def test_chunked_and_broken_bodies(served):
    """A chunked body is read; a length that is no number is 400."""
    url, _twin = served()

    def parts() -> Iterator[bytes]:
        yield b'{"subject":"S","body":"B",'
        yield b'"requester":"a@x.example"}'

    assert requests.post(f"{url}/_control/messages", data=parts()).status_code == 201
    assert _raw(url, b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_lost_answer_leaves_the_write_done(basic, served):
    """`drop_answer` commits, then closes the connection without a word."""
    url, twin = served()
    requests.post(f"{url}/_control/messages", json={"subject": "S", "body": "B", "requester": PERSON})
    fault = {"method": "PUT", "path": "/tickets/1$", "drop_answer": True, "times": 1}
    requests.post(f"{url}/_control/faults", json={"faults": [fault]})
    change = {"ticket": {"comment": {"body": "x"}}}
    with pytest.raises(requests.ConnectionError):
        requests.put(f"{url}/api/v2/tickets/1.json", json=change, auth=basic)
    assert len(twin.world.tickets[1].comments) == 2
    assert requests.put(f"{url}/api/v2/tickets/1.json", json=change, auth=basic).status_code == 200


def test_slow_answer_does_not_hold_up_others(basic, served):
    """A delay after the commit keeps its own caller waiting and nobody else."""
    url, _twin = served()
    requests.post(f"{url}/_control/messages", json={"subject": "S", "body": "B", "requester": PERSON})
    fault = {"method": "PUT", "path": "/tickets/1$", "delay_after_commit": 1.0}
    requests.post(f"{url}/_control/faults", json={"faults": [fault]})
    with pytest.raises(requests.Timeout):
        requests.put(f"{url}/api/v2/tickets/1.json", json={"ticket": {"priority": "low"}}, auth=basic, timeout=0.2)
    start = time.monotonic()
    assert requests.get(f"{url}/api/v2/tickets/1.json", auth=basic).json()["ticket"]["priority"] == "low"
    assert time.monotonic() - start < 0.6


def test_command_serves_until_told_to_stop_and_keeps_its_state(tmp_path):
    """The command prints its addresses and `ready`, stops on SIGTERM with 0, and starts again from its file."""
    state = tmp_path / "state.json"
    command = [
        sys.executable,
        "-m",
        "scripts.sandbox",
        "--zendesk-port",
        "0",
        "--intercom-port",
        "0",
        "--model-port",
        "0",
        "--state",
        str(state),
    ]
    for expected in (1, 2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
            assert process.stdout is not None
            lines: list[str] = []
            while not lines or lines[-1] != "ready":
                lines.append(process.stdout.readline().strip())
                assert lines[-1], "the sandbox ended before it was ready"
            url = lines[0].removeprefix("zendesk ")
            body = {"subject": "S", "body": "B", "requester": PERSON}
            assert requests.post(f"{url}/_control/messages", json=body).json()["ticket_id"] == expected
            other = lines[1].removeprefix("intercom ")
            made = requests.post(f"{other}/_control/messages", json=body).json()["ticket_id"]
            assert made == str(215470000000100 + expected)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
    assert state.exists()


def test_taken_port_is_one_clear_line(served):
    """A port in use ends the command with 1 and one line that says which."""
    url, _ = served()
    port = url.rpartition(":")[2]
    command = [sys.executable, "-m", "scripts.sandbox", "--zendesk-port", port, "--model-port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert port in done.stderr
    assert "Traceback" not in done.stderr
