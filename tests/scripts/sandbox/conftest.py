"""A fresh twin for every test: by Flask's client where the rules matter, over real HTTP where the wire matters."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from scripts.sandbox.server import run_app
from scripts.sandbox.twin import Options, Twin
from scripts.sandbox.zendesk.app import create_zendesk_app

BASIC = ("deskhand@tidemark.example/token", "sandbox-api-token")


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Stands where Deskhand's door would be; answers with `answers` in turn, then 200."""

    url: str
    got: list[Received] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    head_status: int = 200

    def wait_for(self, count: int, seconds: float = 5) -> list[Received]:
        wait_until(lambda: len(self.got) >= count, seconds)
        return self.got


def wait_until(claim: Callable[[], bool], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "did not come true in time"
        time.sleep(0.01)


@pytest.fixture
def basic() -> tuple[str, str]:
    """What the bot authenticates with."""
    return BASIC


@pytest.fixture(name="wait_until")
def wait_until_fixture() -> Callable[..., None]:
    """Wait until a claim is true, or fail."""
    return wait_until


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    held = Receiver("")

    class Door(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(held.head_status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            held.got.append(Received(dict(self.headers.items()), body))
            status, headers = held.answers.pop(0) if held.answers else (200, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    held.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield held
    server.shutdown()
    server.server_close()


@pytest.fixture
def twin() -> Iterator[Twin]:
    held = Twin()
    yield held
    held.sender.stop()


@pytest.fixture
def api(twin: Twin) -> SimpleNamespace:
    """Call the API as the bot: `api.get(path)`, `api.put(path, json)`; `api.anyone` has no password."""
    client: FlaskClient = create_zendesk_app(twin).test_client()

    def call(method: str) -> Callable[..., Any]:
        return lambda path, json=None, **more: client.open(
            f"/api/v2{path}", method=method, json=json, auth=BASIC, **more
        )

    verbs = {verb: call(verb.upper()) for verb in ("get", "post", "put", "patch", "delete")}
    return SimpleNamespace(anyone=client, **verbs)


@pytest.fixture
def control(api: SimpleNamespace) -> Callable[..., Any]:
    """Post to the control API and return the answer's JSON; a refusal fails the test."""

    def post(path: str, **values: Any) -> Any:
        answer = api.anyone.post(f"/_control/{path}", json=values)
        assert answer.status_code < 300, answer.text
        return answer.json

    return post


@pytest.fixture
def ticket(control: Callable[..., Any]) -> int:
    """A new ticket by Ada."""
    person = {"name": "Ada Doe", "email": "ada@example.com"}
    made = control("messages", subject="Tap", body="The tap drips", requester=person)
    return int(made["ticket_id"])


@pytest.fixture
def finish(api: SimpleNamespace) -> Callable[[Any], Any]:
    """Wait for the job an answer speaks of; return its last status."""

    def wait(answer: Any) -> Any:
        assert answer.status_code == 200, answer.text
        job = answer.json["job_status"]
        wait_until(lambda: api.get(f"/job_statuses/{job['id']}").json["job_status"]["status"] == "completed")
        return api.get(f"/job_statuses/{job['id']}").json["job_status"]

    return wait


@pytest.fixture
def served() -> Iterator[Callable[..., tuple[str, Twin]]]:
    """Serve a twin over real HTTP: `served(deskhand_url=...)` gives its address and the twin."""
    running: list[tuple[Any, Twin]] = []

    def start(**options: Any) -> tuple[str, Twin]:
        held = Twin(Options(**options))
        server = run_app("zendesk", create_zendesk_app(held))
        held.world.base_url = server.url
        held.sender.switches.retry_delay_seconds = 0.02
        running.append((server, held))
        return server.url, held

    yield start
    for server, held in running:
        server.stop()
        held.sender.stop()
