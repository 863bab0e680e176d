"""`deskhand connect zendesk` against the sandbox: the plan, the secret, the trial, and taking it all away."""

import json

import pytest

from config.policy import load_policy
from config.settings import Settings
from scripts.__main__ import main
from scripts.connect import wish_of
from scripts.sandbox.seed import connect as connect_sandbox
from scripts.sandbox.server import run_app
from scripts.sandbox.twin import Options, Twin
from scripts.sandbox.zendesk.app import create_zendesk_app
from tests.fakes.raw_server import raw_server, reply


@pytest.fixture
def twin(tmp_path, monkeypatch):
    held = Twin(Options())
    server = run_app("zendesk", create_zendesk_app(held))
    held.world.base_url = server.url
    monkeypatch.setenv("ZENDESK_URL", server.url)
    monkeypatch.setenv("ZENDESK_EMAIL", "deskhand@tidemark.example")
    monkeypatch.setenv("ZENDESK_API_TOKEN", "sandbox-api-token")
    monkeypatch.delenv("ZENDESK_WEBHOOK_SECRETS", raising=False)
    config = Settings(_env_file=None).config.resolve()  # type: ignore[call-arg]
    monkeypatch.setenv("DESKHAND_CONFIG", str(config))
    monkeypatch.chdir(tmp_path)
    yield held
    server.stop()
    held.sender.stop()


def acts(out):
    return [step["act"] for step in json.loads(out)["steps"]]


def test_from_nothing_to_connected(twin, tmp_path, capsys):
    """A plan first, then the set-up with a signed trial, the secret in the file, and nothing left to do."""
    with raw_server(reply(), reply()) as door:
        connect = ["connect", "zendesk", "--url", door.url, "--json", "-"]
        assert main([*connect, "--dry-run"]) == 0
        assert set(acts(capsys.readouterr().out)) == {"create", "keep"}
        assert door.requests == []
        (tmp_path / ".env").write_text("# mine\nDESKHAND_WORKERS=2\nZENDESK_WEBHOOK_SECRETS=older\n")
        assert main([*connect, "--env", ".env"]) == 0
        assert "+ create" in capsys.readouterr().err
        (webhook,) = twin.world.webhooks.values()
        kept = (tmp_path / ".env").read_text()
        assert f"ZENDESK_WEBHOOK_SECRETS={webhook.signing_secret},older" in kept
        assert kept.startswith("# mine\nDESKHAND_WORKERS=2\n")
        assert "x-zendesk-webhook-signature" in {name.lower() for name in door.requests[0][1]}
        assert main([*connect, "--env", ".env"]) == 0
        assert set(acts(capsys.readouterr().out)) == {"keep"}
        assert (tmp_path / ".env").read_text() == kept


def test_what_the_sandbox_has_from_the_start_is_known_as_ours(twin, capsys):
    """Its webhook, triggers and macros are those that we would make: nothing stands there twice, and all can go."""
    with raw_server(reply()) as door:
        connect_sandbox(twin.world, door.url, "the-sandboxes-secret")
        assert main(["connect", "zendesk", "--url", door.url, "--json", "-"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    ours = {"webhook", "category", "trigger", "macro"}
    assert {step["act"] for step in steps if step["kind"] in ours} == {"keep"}
    assert len(twin.world.webhooks) == 1
    assert main(["connect", "zendesk", "--remove"]) == 0
    assert not [row for row in (*twin.world.macros.values(), *twin.world.triggers.values()) if "Deskhand" in row.title]


def test_a_door_that_does_not_open_is_a_problem(twin, capsys):
    """Everything is made, and the command says that no delivery arrives."""
    with raw_server(reply("401 Unauthorized")) as door:
        assert main(["connect", "zendesk", "--url", door.url]) == 1
    assert "answered 401" in " ".join(capsys.readouterr().out.split())
    assert len(twin.world.webhooks) == 1


def test_removing(twin, capsys):
    """What it made goes; the second time there is nothing."""
    with raw_server(reply()) as door:
        assert main(["connect", "zendesk", "--url", door.url]) == 0
    assert main(["connect", "zendesk", "--remove"]) == 0
    assert twin.world.webhooks == {}
    capsys.readouterr()
    assert main(["connect", "zendesk", "--remove", "--json", "-"]) == 0
    assert acts(capsys.readouterr().out) == []


def test_without_an_address_it_is_one_line(twin, capsys):
    """Where the helpdesk should deliver to cannot be guessed."""
    assert main(["connect", "zendesk"]) == 1
    assert "DESKHAND_PUBLIC_URL" in capsys.readouterr().err


def test_a_vendor_that_is_not_configured(twin, monkeypatch, capsys):
    """It names the guide."""
    monkeypatch.delenv("ZENDESK_URL")
    assert main(["connect", "zendesk", "--url", "https://desk.example"]) == 1
    assert "docs/zendesk.md" in capsys.readouterr().err


def test_the_wish_follows_the_policy():
    """Tags, kinds of request and groups come from the policy files."""
    policy = load_policy(Settings(_env_file=None).config)  # type: ignore[call-arg]
    wish = wish_of(policy, "https://desk.example")
    assert {macro.tag for macro in wish.macros} == {"deskhand_do_send", "deskhand_do_wrong", "deskhand_stop"}
    assert set(wish.intents) == set(policy.intents)
    assert "Billing" in wish.groups
