"""A fresh workspace for every test: by Flask's client where the rules matter, over real HTTP where the wire matters."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from scripts.sandbox.intercom.app import create_intercom_app
from scripts.sandbox.intercom.twin import IntercomTwin, Options
from scripts.sandbox.server import run_app

TOKEN = "sandbox-intercom-token"
BOT = "7009"
ADA = {"name": "Ada Doe", "email": "ada@example.com"}


@pytest.fixture
def twin() -> Iterator[IntercomTwin]:
    held = IntercomTwin()
    yield held
    held.sender.stop()


@pytest.fixture
def api(twin: IntercomTwin) -> SimpleNamespace:
    """Call the API as the app: `api.get(path)`, `api.put(path, json)`; `api.anyone` has no token."""
    client: FlaskClient = create_intercom_app(twin).test_client()

    def call(method: str) -> Callable[..., Any]:
        def ask(path: str, json: Any = None, version: str = "2.16", **more: Any) -> Any:
            headers = {"Authorization": f"Bearer {TOKEN}", "Intercom-Version": version}
            return client.open(path, method=method, json=json, headers=headers, **more)

        return ask

    verbs = {verb: call(verb.upper()) for verb in ("get", "post", "put", "delete")}
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
def talk(control: Callable[..., Any]) -> str:
    """A new conversation by Ada in the Messenger."""
    made = control("messages", body="The tap drips", requester=ADA, channel="messenger")
    return str(made["ticket_id"])


@pytest.fixture
def reply(api: SimpleNamespace, talk: str) -> Callable[..., Any]:
    """Write into Ada's conversation over the API; return the new part."""

    def write(body: str = "<p>Turn it</p>", kind: str = "comment", admin: str = BOT) -> Any:
        given = {"message_type": kind, "type": "admin", "admin_id": admin, "body": body}
        answer = api.post(f"/conversations/{talk}/reply", given)
        assert answer.status_code == 200, answer.text
        return answer.json["conversation_parts"]["conversation_parts"][0]

    return write


@pytest.fixture
def manage(api: SimpleNamespace, talk: str) -> Callable[..., Any]:
    """Manage Ada's conversation over the API; return the answer."""

    def act(message_type: str, **values: Any) -> Any:
        given = {"message_type": message_type, "type": "admin", "admin_id": BOT, **values}
        return api.post(f"/conversations/{talk}/parts", given)

    return act


@pytest.fixture
def thread(api: SimpleNamespace, talk: str) -> Callable[[], Any]:
    """Read Ada's conversation; return the parts as pairs of type and text."""

    def read() -> Any:
        parts = api.get(f"/conversations/{talk}?display_as=plaintext").json["conversation_parts"]["conversation_parts"]
        return [(part["part_type"], part["body"]) for part in parts]

    return read


@pytest.fixture
def heard(twin: IntercomTwin, talk: str, receiver: Any, wait_until: Callable[..., None]) -> Callable[[int], Any]:
    """Have what comes after `talk` told to the receiver; wait for so many and return them by topic."""
    twin.sender.set_up(f"{receiver.url}/webhooks/intercom", "demo-client-secret")

    def wait(count: int) -> Any:
        receiver.wait_for(count)
        wait_until(twin.sender.is_idle)
        return {row.json["topic"]: row.json for row in receiver.got}

    return wait


@pytest.fixture
def served() -> Iterator[Callable[..., tuple[str, IntercomTwin]]]:
    """Serve a workspace over real HTTP: `served(deskhand_url=...)` gives its address and the twin."""
    running: list[tuple[Any, IntercomTwin]] = []

    def start(**options: Any) -> tuple[str, IntercomTwin]:
        held = IntercomTwin(Options(**options))
        server = run_app("intercom", create_intercom_app(held))
        held.world.base_url = server.url
        running.append((server, held))
        return server.url, held

    yield start
    for server, held in running:
        server.stop()
        held.sender.stop()
