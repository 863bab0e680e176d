"""Setting a Zendesk account up, against the sandbox's over HTTP: made once, kept, mended, and taken away."""

import json
from dataclasses import replace

import pytest

from integrations.errors import PermanentError
from integrations.setup import Act, Macro, Wish
from integrations.transport import FixedAuth
from integrations.zendesk import wanted
from integrations.zendesk.client import api_token
from integrations.zendesk.setup import ZendeskSetup
from scripts.sandbox.server import run_app
from scripts.sandbox.twin import Options, Twin
from scripts.sandbox.zendesk.app import create_zendesk_app
from tests.fakes.raw_server import raw_server, reply

WISH = Wish(
    "http://127.0.0.1:9",
    ("deskhand_off",),
    (Macro("send", "Send it", "deskhand_do_send", "Sends it."), Macro("stop", "Keep out", "deskhand_stop", "Quiet.")),
    {"billing": "Bills and payment", "export": "Exports"},
    ("Support", "Billing"),
)  # fmt: skip
MADE = {"webhook": 1, "category": 1, "trigger": 3, "macro": 2, "field": 2, "view": 3}


@pytest.fixture
def twin():
    held = Twin(Options())
    server = run_app("zendesk", create_zendesk_app(held))
    held.world.base_url = server.url
    yield held
    server.stop()
    held.sender.stop()


@pytest.fixture
def setup(twin):
    return ZendeskSetup(twin.world.base_url, api_token("deskhand@tidemark.example", "sandbox-api-token"))


def acts(steps):
    counted: dict[tuple[str, Act], int] = {}
    for step in steps:
        counted[step.kind, step.act] = counted.get((step.kind, step.act), 0) + 1
    return counted


def connect(setup, wish=WISH, *, is_dry=False):
    return acts(setup.connect(wish, is_dry=is_dry))


def ours(rows):
    return [row for row in rows if "deskhand connect" in (row.description or "")]


def test_everything_is_made_at_first(setup, twin):
    """Webhook, triggers, macros, fields and views, each known by its mark; groups that exist are left alone."""
    twin.world.macros.clear()  # an account that was never connected
    assert connect(setup) == {(kind, Act.CREATE): count for kind, count in MADE.items()} | {("group", Act.KEEP): 2}
    (webhook,) = ours(twin.world.webhooks.values())
    assert webhook.endpoint == "http://127.0.0.1:9/webhooks/zendesk"
    triggers = ours(twin.world.triggers.values())
    assert {trigger.actions[0]["value"][0] for trigger in triggers} == {webhook.id}
    assert all(json.loads(trigger.actions[0]["value"][1])["ticket_id"] == "{{ticket.id}}" for trigger in triggers)


def kept(twin):
    world = twin.world
    return [dict(rows) for rows in (world.triggers, world.macros, world.views, world.ticket_fields, world.webhooks)]


def test_twice_changes_nothing(setup, twin):
    """The second run finds all as wanted and writes nothing."""
    connect(setup)
    before = kept(twin)
    assert set(connect(setup)) == {(kind, Act.KEEP) for kind in (*MADE, "group")}
    assert kept(twin) == before


def test_a_dry_run_says_the_same_and_does_nothing(setup, twin):
    """The plan is what would be done."""
    plan = connect(setup, is_dry=True)
    assert ours(twin.world.triggers.values()) == []
    assert plan == connect(setup)


def test_what_somebody_changed_is_mended(setup, twin):
    """A trigger that was switched off, a macro that lost its tag, a view with another condition: all come back."""
    connect(setup)
    trigger = ours(twin.world.triggers.values())[0]
    trigger.active = False
    macro = ours(twin.world.macros.values())[0]
    macro.actions = [{"field": "current_tags", "value": "something_else"}]
    steps = [step for step in setup.connect(WISH, is_dry=False) if step.act is Act.CHANGE]
    assert {(step.kind, step.detail) for step in steps} == {("trigger", "active"), ("macro", "actions")}
    assert trigger.title in {step.name for step in steps}
    assert set(connect(setup)) == {(kind, Act.KEEP) for kind in (*MADE, "group")}


def test_another_address_moves_the_webhook(setup, twin):
    """The triggers keep naming the same webhook."""
    connect(setup)
    moved = replace(WISH, public_url="http://127.0.0.1:10")
    assert connect(setup, moved)["webhook", Act.CHANGE] == 1
    (webhook,) = ours(twin.world.webhooks.values())
    assert webhook.endpoint == "http://127.0.0.1:10/webhooks/zendesk"


def test_a_new_intent_becomes_an_option(setup, twin):
    """All options are sent again, since Zendesk deletes those that a change leaves out."""
    connect(setup)
    more = replace(WISH, intents={**WISH.intents, "refund": "Refunds"})
    assert connect(setup, more)["field", Act.CHANGE] == 1
    (field,) = [row for row in twin.world.ticket_fields.values() if row.title == "Deskhand: Kind of request"]
    assert [option.value for option in field.options] == [
        "deskhand_intent_billing", "deskhand_intent_export", "deskhand_intent_refund",
    ]  # fmt: skip


def test_a_second_copy_is_taken_away(setup, twin):
    """Two people who ran it at the same time leave one of each."""
    connect(setup)
    first = ours(twin.world.triggers.values())[0]
    copy = replace(first, id=first.id + 1_000_000)
    twin.world.triggers[copy.id] = copy
    assert connect(setup)["trigger", Act.REMOVE] == 1
    assert len(ours(twin.world.triggers.values())) == 3


def test_what_people_made_is_never_touched(setup, twin):
    """The same titles without our mark are somebody's own."""
    connect(setup)
    own = replace(ours(twin.world.triggers.values())[0], id=77, description="Mine", active=False)
    twin.world.triggers[77] = own
    connect(setup)
    left = [step for step in setup.remove(is_dry=False) if step.act is Act.MISSING]
    assert twin.world.triggers[77] == own
    assert ["used by a trigger" in step.detail for step in left] == [True]


def test_a_group_that_is_missing_is_told(setup):
    """Groups are people's: the plan says what to do and makes none."""
    steps = list(setup.connect(replace(WISH, groups=("support", "Legal")), is_dry=False))
    assert [(step.name, step.act) for step in steps if step.kind == "group"] == [
        ("support", Act.KEEP),
        ("Legal", Act.MISSING),
    ]


def test_removing_leaves_what_tickets_hold(setup, twin):
    """Triggers, macros, views and the webhook go; fields are switched off; a second time there is nothing to do."""
    connect(setup)
    removed = acts(setup.remove(is_dry=True))
    assert len(ours(twin.world.triggers.values())) == 3
    assert removed == acts(setup.remove(is_dry=False))
    assert ours(twin.world.triggers.values()) + ours(twin.world.webhooks.values()) == []
    fields = [row for row in twin.world.ticket_fields.values() if row.title.startswith("Deskhand")]
    assert [field.active for field in fields] == [False, False]
    assert list(setup.remove(is_dry=False)) == []
    assert connect(setup)["field", Act.CHANGE] == 2


def test_the_secret_is_the_webhooks_own(setup, twin):
    """None before there is a webhook."""
    assert setup.signing_secret() == ""
    connect(setup)
    assert setup.signing_secret() == ours(twin.world.webhooks.values())[0].signing_secret


def test_a_trial_is_a_signed_delivery(setup):
    """The door's own answer is told; that there is no webhook, too."""
    assert not setup.try_delivery().is_ok
    with raw_server(reply()) as server:
        connect(setup, replace(WISH, public_url=server.url))
        trial = setup.try_delivery()
        assert (trial.is_ok, trial.detail) == (True, f"{server.url}/webhooks/zendesk answered 200")
    with raw_server(reply("401 Unauthorized")) as server:
        connect(setup, replace(WISH, public_url=server.url))
        assert not setup.try_delivery().is_ok


def test_an_account_without_categories_gets_its_triggers_all_the_same(setup, twin, monkeypatch):
    """Where the plan has no trigger categories the calls are refused."""
    monkeypatch.setattr(ZendeskSetup, "_category", lambda *_, **__: ("", []))
    twin.world.trigger_categories.clear()
    assert connect(setup)["trigger", Act.CREATE] == 3


def test_no_administrator_no_set_up(twin):
    """Credentials that Zendesk refuses are an error, and no half plan."""
    stranger = ZendeskSetup(twin.world.base_url, FixedAuth("Bearer nonsense"))
    with pytest.raises(PermanentError):
        list(stranger.connect(WISH, is_dry=False))


@pytest.mark.parametrize("key", ["webhook", "customer_message", "macro send", "field intent", "view drafts"])
def test_a_mark_names_one_thing(key):
    """It is a sentence that an admin can read."""
    assert key in wanted.mark(key)
    assert wanted.mark(key) != wanted.mark("other")
