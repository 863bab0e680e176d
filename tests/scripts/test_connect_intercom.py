"""`deskhand connect intercom` and the doctor's look at it, with a real door behind which deliveries are stored."""

import json
import urllib.request
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from app import create_app
from config.policy import load_policy
from config.settings import Settings
from integrations.intercom import writes
from integrations.intercom.webhook import sign
from scripts import check_outside
from scripts.__main__ import main
from scripts.checkup import State
from scripts.sandbox.server import run_app
from tests.fakes.intercom_server import TOKEN, intercom_server, refuse
from workers.services import utc_now
from workers.store.migrate import migrate
from workers.store.tables import open_engine

SECRET = "client-secret"
REPO_CONFIG = Settings(_env_file=None).config.resolve()  # type: ignore[call-arg]


@pytest.fixture
def server():
    with intercom_server() as running:
        names = {team.group for team in load_policy(REPO_CONFIG).teams.values()}
        running.teams = [{"type": "team", "id": str(n), "name": name} for n, name in enumerate(sorted(names), 1)]
        yield running


@pytest.fixture
def door(server, tmp_path, monkeypatch):
    """The receiver of this machine, and an environment that names it."""
    for name, value in {
        "INTERCOM_URL": server.url,
        "INTERCOM_ACCESS_TOKEN": TOKEN,
        "INTERCOM_CLIENT_SECRETS": SECRET,
        "DESKHAND_DATA": str(tmp_path),
        "DESKHAND_CONFIG": str(REPO_CONFIG),
        "REDIS_URL": "redis://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("ZENDESK_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    migrate(open_engine(settings.sql_url))
    running = run_app("door", create_app(settings))
    monkeypatch.setenv("DESKHAND_PUBLIC_URL", running.url)
    yield running
    running.stop()


def subscribe(server, door, secret=SECRET):
    """Let the workspace deliver, as it does once the webhook is entered in the Developer Hub."""
    make, numbers = server._make, count(1)

    def deliver(path, body):
        made = make(path, body)
        if path == "/conversations":
            item = {"type": "conversation", "id": "777"}
            topic = "conversation.user.created"
            raw = json.dumps({"id": f"notif_{next(numbers)}", "topic": topic, "data": {"item": item}}).encode()
            request = urllib.request.Request(
                f"{door.url}/webhooks/intercom", raw, {"X-Hub-Signature": sign(secret, raw)}
            )
            urllib.request.urlopen(request, timeout=5)
        return made

    server._make = deliver


def connect(*more):
    """Run the command; what it prints is between the door's own lines, so the result goes to a file."""
    code = main(["connect", "intercom", "--json", "result.json", *more])
    return code, json.loads(Path("result.json").read_text())


def test_from_nothing_to_a_delivery_that_arrived(server, door):
    """A plan, the set-up with what is to be clicked, and the proof; the second run makes nothing anew."""
    code, plan = connect("--dry-run")
    assert {step["act"] for step in plan["steps"]} == {"create", "keep", "missing"}
    assert server.attributes == []
    subscribe(server, door)
    code, done = connect()
    assert (code, done["trial"]["is_ok"]) == (0, True)
    assert "arrived" in done["trial"]["detail"]
    code, again = connect()
    assert not [step for step in again["steps"] if step["act"] == "create"]
    assert "777" not in server.conversations


def test_a_webhook_that_nobody_entered_is_found_out(server, door, monkeypatch):
    """The door is fine and nothing comes: the command says so and ends with 1."""
    monkeypatch.setattr("integrations.intercom.setup.ARRIVAL_SECONDS", 0.1)
    code, done = connect()
    assert (code, done["trial"]["is_ok"]) == (1, False)
    assert "Developer Hub" in done["trial"]["detail"]


def test_a_door_with_another_secret_is_found_out(server, door, monkeypatch):
    """What Intercom signs would be refused."""
    monkeypatch.setenv("INTERCOM_CLIENT_SECRETS", "another")
    code, done = connect()
    assert (code, done["trial"]["is_ok"]) == (1, False)
    assert "401" in done["trial"]["detail"]
    assert "777" not in server.conversations


def test_without_the_database_nothing_is_proved(server, door, monkeypatch, tmp_path):
    """Run elsewhere than the receiver, it can only knock: the clicks stay unproved."""
    monkeypatch.setenv("DESKHAND_DATA", str(tmp_path / "elsewhere"))
    code, done = connect()
    assert (code, done["trial"]["is_ok"]) == (1, True)
    assert "was not seen" in done["trial"]["detail"]


# --- doctor


def look(now=utc_now):
    settings, policy = Settings(_env_file=None), load_policy(REPO_CONFIG)  # type: ignore[call-arg]
    return {check.name: check for check in check_outside.helpdesk("intercom", settings, policy, now)}


def bad(checks):
    return {
        name.removeprefix("intercom: "): check.state for name, check in checks.items() if check.state is not State.OK
    }


def test_the_doctor_finds_all_well(server, door):
    """Credentials, each kind of call, clock, set-up, and the door's belief in our secret."""
    connect("--dry-run")
    assert bad(look()) == {"set-up": State.FAIL}
    subscribe(server, door)
    connect()
    checks = look()
    assert bad(checks) == {}
    assert "takes what is signed" in checks["intercom: signatures"].what


@pytest.mark.parametrize(
    ("breaking", "name", "state"),
    [
        (lambda server: server.me.update(email="operator+ab@intercom.io"), "credentials", State.FAIL),
        (lambda server: server.attributes[0].update(archived=True), "set-up", State.FAIL),
        (lambda server: server.tags.clear(), "set-up", State.WARN),
        (lambda server: server.teams.clear(), "teams", State.WARN),
        (lambda server: setattr(server, "collections", None), "help centre", State.FAIL),
        (lambda server: server.fail("GET", "/me", refuse(401, "unauthorized")), "credentials", State.FAIL),
        (lambda server: server.fail("GET", "/teams", refuse(403, "forbidden")), "groups", State.FAIL),
        (lambda server: server.fail("POST", "/search", refuse(403, "forbidden")), "changed tickets", State.FAIL),
        (lambda server: server.fail("GET", "/articles", refuse(403, "api_plan_restricted")), "help centre", State.FAIL),
        (lambda server: server.fail("GET", "/tags", refuse(403, "forbidden")), "set-up", State.FAIL),
    ],
    ids=[
        *("operator", "attribute", "tags", "teams", "help centre", "wrong region", "no right to teams"),
        *("no right to conversations", "articles not in the plan", "no right to tags"),
    ],
)
def test_the_doctor_finds_what_is_broken(server, door, breaking, name, state):
    """Each finding says why it matters and how to mend it."""
    subscribe(server, door)
    connect()
    assert server.attributes[0]["name"] == writes.REPLIES
    breaking(server)
    checks = look()
    assert bad(checks)[name] is state
    assert checks[f"intercom: {name}"].why
    assert checks[f"intercom: {name}"].mend


@pytest.mark.parametrize(
    ("variable", "value", "name"),
    [
        ("INTERCOM_ACCESS_TOKEN", "revoked", "credentials"),
        ("INTERCOM_CLIENT_SECRETS", "another", "signatures"),
        ("INTERCOM_URL", "http://127.0.0.1:9", "address"),
    ],
)
def test_the_doctor_finds_wrong_settings(server, door, monkeypatch, variable, value, name):
    """A revoked token, a secret the receiver does not have, an address where nobody answers."""
    subscribe(server, door)
    connect()
    monkeypatch.setenv(variable, value)
    assert bad(look())[name] is State.FAIL


def test_the_doctor_finds_a_wrong_clock(server, door):
    """Held against the time in Intercom's own answers."""
    assert bad(look(lambda: utc_now() + timedelta(minutes=9)))["clock"] is State.FAIL


def test_a_token_of_another_region_is_told_where_to_look(server, door, monkeypatch):
    """Intercom refuses it as it does a wrong one."""
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", "of-another-region")
    assert "api.eu" in look()["intercom: credentials"].mend
