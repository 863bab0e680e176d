"""The checks of helpdesk and model, each with something broken in the sandbox."""

from datetime import UTC, datetime, timedelta

import pytest

from config.policy import Intent, Models, Policy, Team
from config.settings import Settings
from integrations import registry
from integrations.llm import ModelOutcome
from scripts import check_outside
from scripts.checkup import State
from scripts.connect import wish_of
from scripts.processes import free_port
from scripts.sandbox.faults import parse
from scripts.sandbox.server import run_app
from scripts.sandbox.twin import Options, Twin
from scripts.sandbox.zendesk.app import create_zendesk_app
from tests.fakes.llm import ScriptedLLM
from tests.fakes.raw_server import raw_server, reply

POLICY = Policy(
    models=Models(classify="small", draft="large", prices={"small": {"input": 1, "output": 5}}),  # type: ignore[dict-item]
    teams={"support": Team(group="Support"), "legal": Team(group="Legal")},
    intents={"billing": Intent(description="Bills", team="support")},
)


@pytest.fixture
def twin():
    held = Twin(Options())
    server = run_app("zendesk", create_zendesk_app(held))
    held.world.base_url = server.url
    yield held
    server.stop()
    held.sender.stop()


def settings(twin: Twin, **more: object) -> Settings:
    given = {"ZENDESK_URL": twin.world.base_url, "ZENDESK_EMAIL": "deskhand@tidemark.example"}
    given |= {"ZENDESK_API_TOKEN": "sandbox-api-token"}
    return Settings(_env_file=None, **{**given, **more})  # type: ignore[call-arg,arg-type]


def look(made, policy=POLICY, *, now=lambda: datetime.now(UTC)):
    return {check.name: check for check in check_outside.helpdesk("zendesk", made, policy, now)}


def connected(twin, door, **more):
    made = settings(twin, DESKHAND_PUBLIC_URL=door.url, **more)
    setup = registry.build_setup("zendesk", made)
    list(setup.connect(wish_of(POLICY, door.url), is_dry=False))
    return settings(twin, DESKHAND_PUBLIC_URL=door.url, ZENDESK_WEBHOOK_SECRETS=setup.signing_secret(), **more)


def test_all_is_well_but_for_the_older_token_and_a_group(twin):
    """Credentials, each kind of call, clock, set-up, signature and delivery."""
    with raw_server(reply()) as door:
        checks = look(connected(twin, door))
    to_look_at = {name: check.state for name, check in checks.items() if check.state is not State.OK}
    assert to_look_at == {"zendesk: API token": State.WARN, "zendesk: teams": State.WARN}
    assert "Legal" in checks["zendesk: teams"].what


def test_credentials_that_are_refused(twin):
    """One finding, and nothing is guessed behind it."""
    checks = look(settings(twin, ZENDESK_API_TOKEN="wrong"))
    assert [(name, check.state) for name, check in checks.items()] == [("zendesk: credentials", State.FAIL)]


def test_an_address_where_nobody_answers(twin):
    """It is not the credentials then."""
    checks = look(settings(twin, ZENDESK_URL=f"http://127.0.0.1:{free_port()}"))
    assert list(checks) == ["zendesk: address"]


@pytest.mark.parametrize(("days", "state"), [(30, State.WARN), (900, State.FAIL)])
def test_the_end_of_api_tokens_is_told(twin, days, state):
    """A warning before the day, a failure after it."""
    begin = datetime(2026, 11, 20, tzinfo=UTC)
    checks = look(settings(twin), now=lambda: begin + timedelta(days=days))
    assert checks["zendesk: API token"].state is state


def test_a_clock_that_is_wrong(twin):
    """Signatures would be refused."""
    checks = look(settings(twin), now=lambda: datetime.now(UTC) + timedelta(minutes=9))
    assert checks["zendesk: clock"].state is State.FAIL
    assert look(settings(twin))["zendesk: clock"].state is State.OK


def test_without_a_public_address_the_set_up_is_not_looked_at(twin):
    """It says what to set."""
    assert "DESKHAND_PUBLIC_URL" in look(settings(twin))["zendesk: set-up"].what


@pytest.mark.parametrize(
    ("breaking", "state"),
    [
        (lambda world: setattr(next(iter(world.webhooks.values())), "status", "inactive"), State.FAIL),
        (lambda world: world.webhooks.clear(), State.FAIL),
        (lambda world: setattr(next(iter(world.webhooks.values())), "endpoint", "https://old.example"), State.FAIL),
        (lambda world: world.triggers.clear(), State.FAIL),
        (lambda world: setattr(ours(world.triggers), "active", False), State.FAIL),
        (lambda world: ours(world.triggers).conditions.update(all=[]), State.FAIL),
        (lambda world: ours(world.triggers).actions.clear(), State.FAIL),
        (lambda world: world.macros.clear(), State.WARN),
        (lambda world: setattr(ours(world.macros), "actions", [{"field": "status", "value": "solved"}]), State.WARN),
        (lambda world: setattr(ours(world.macros), "active", False), State.WARN),
        (lambda world: world.ticket_fields.clear(), State.WARN),
        (lambda world: world.views.clear(), State.WARN),
    ],
    ids=[
        *("webhook off", "webhook deleted", "webhook moved", "triggers deleted", "trigger off", "loop guard gone"),
        *("trigger does nothing", "macros deleted", "macro changed", "macro off", "fields deleted", "views deleted"),
    ],
)
def test_a_set_up_that_somebody_changed(twin, breaking, state):
    """What keeps deliveries from coming is a failure, what staff miss a warning; `connect` mends both."""
    with raw_server(reply()) as door:
        made = connected(twin, door)
        breaking(twin.world)
        check = look(made)["zendesk: set-up"]
    assert (check.state, check.mend) == (state, "`deskhand connect zendesk`")


def ours(rows):
    """One of what `connect` made."""
    return next(row for row in rows.values() if "deskhand" in f"{row.title} {row.description}".lower())


@pytest.mark.parametrize(
    ("path", "status", "name"),
    [
        ("^/api/v2/groups", 403, "groups"),
        ("incremental", 403, "changed tickets"),
        ("help_center", 404, "help centre"),
        ("^/api/v2/webhooks", 403, "set-up"),
        ("^/api/v2/macros", 403, "set-up"),
    ],
    ids=["groups", "changed tickets", "no Help Center", "webhooks", "macros"],
)
def test_a_right_that_is_missing(twin, path, status, name):
    """The call that is refused is named, and the guide's page for it."""
    with raw_server(reply()) as door:
        made = connected(twin, door)
        twin.faults.replace([parse({"path": path, "status": status})])
        check = look(made)[f"zendesk: {name}"]
    assert (check.state, str(status) in check.what) == (State.FAIL, True)
    assert check.why
    assert "docs/zendesk.md" in check.mend or "Help Center" in check.mend


def test_an_oauth_client_that_is_refused(twin):
    """The older token is not tried in its place, and nothing is guessed behind it."""
    checks = look(settings(twin, ZENDESK_CLIENT_ID="deskhand", ZENDESK_CLIENT_SECRET="wrong"))
    assert [(name, check.state) for name, check in checks.items()] == [("zendesk: credentials", State.FAIL)]


def test_a_secret_that_was_rotated(twin):
    """The receiver would refuse every delivery."""
    with raw_server(reply()) as door:
        made = connected(twin, door)
        next(iter(twin.world.webhooks.values())).signing_secret = "another"
        check = look(made)["zendesk: signatures"]
    assert (check.state, "--env" in check.mend) == (State.FAIL, True)


def test_a_door_that_refuses(twin):
    """A real signed delivery goes through all that lies between."""
    with raw_server(reply("401 Unauthorized")) as door:
        check = look(connected(twin, door))["zendesk: signatures"]
    assert (check.state, "answered 401" in check.what) == (State.FAIL, True)


def test_a_door_that_is_not_there(twin):
    """Zendesk could not reach it."""
    with raw_server(reply()) as door:
        made = connected(twin, door)
    check = look(made)["zendesk: signatures"]
    assert (check.state, "reachable" in check.mend) == (State.FAIL, True)


def test_an_agent_who_is_no_administrator(twin):
    """What needs the role is named call by call."""
    bot = next(user for user in twin.world.users.values() if user.email == "deskhand@tidemark.example")
    bot.role = "agent"
    checks = look(settings(twin, DESKHAND_PUBLIC_URL="https://desk.example"))
    assert checks["zendesk: changed tickets"].state is State.FAIL
    assert checks["zendesk: set-up"].state is State.FAIL


def test_a_model_in_every_state():
    """A good answer, none, and no key."""
    assert [check.state for check in check_outside.model(None, POLICY)] == [State.WARN]
    fine = ScriptedLLM(doctor=[{"word": "pong"}])
    assert [check.state for check in check_outside.model(fine, POLICY)] == [State.OK, State.OK]
    for outcome in (ModelOutcome.OVERLOADED, ModelOutcome.TIMED_OUT, ModelOutcome.UNREACHABLE):
        checks = list(check_outside.model(ScriptedLLM(doctor=[outcome]), POLICY))
        assert {check.state for check in checks} == {State.FAIL}
        assert checks[0].what.startswith(outcome.value)


def test_a_model_without_a_price():
    """Its calls would count as free."""
    (check,) = check_outside.prices(POLICY)
    assert (check.state, "large" in check.what) == (State.WARN, True)
