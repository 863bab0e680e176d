"""The account at the start: a bot that is an admin, staff in teams, and triggers that never answer the bot itself."""

import json

from scripts.sandbox import seed
from scripts.sandbox.triggers import Update, holds
from scripts.sandbox.twin import Options, Twin


def test_the_account_has_a_bot_staff_and_teams():
    """The service user is an admin; every team has somebody."""
    world = Twin().world
    bot = world.users[world.account.oauth_owner_id]
    assert (bot.email, bot.role) == (seed.BOT_EMAIL, "admin")
    assert all(group.member_ids for group in world.groups.values())
    assert not world.webhooks
    assert not world.triggers


def test_bodies_of_triggers_are_json_of_ids_and_fixed_words():
    """No text of a requester is in a trigger's body, so nothing they write can break it."""
    body = json.loads(seed.webhook_body("solved"))
    assert (body["source"], body["rule"]) == ("trigger", "solved")
    assert not [value for value in body.values() if "description" in value or "title" in value or "body" in value]


def test_what_the_bot_writes_over_the_api_fires_no_trigger(basic):
    """The loop guard: our own reply does not call us."""
    twin = Twin(Options("http://127.0.0.1:1"))
    twin.sender.stop()
    world = twin.world
    requester = next(user for user in world.users.values() if user.role == "agent")
    ticket, _ = twin.desk.create(
        *_by(world, requester, "web"), "S", seed_comment(requester, "How?"), {"status": "open"}
    )
    comment = ticket.comments[0]
    bot = world.users[world.account.oauth_owner_id]
    before = dict.fromkeys(("status", "priority", "type", "assignee_id", "group_id")) | {"tags": []}
    before["status"] = ticket.status
    own = Update(ticket, before, bot, "api", comment)
    assert [t.title for t in world.triggers.values() if holds(t.conditions, own)] == []
    staff = Update(ticket, before, requester, "web", comment)
    assert [t.title for t in world.triggers.values() if holds(t.conditions, staff)] == ["Deskhand: staff activity"]


def _by(world, person, channel):
    from scripts.sandbox.desk import Origin

    return Origin(person, channel, "Agent interface"), person


def seed_comment(author, text):
    from scripts.sandbox.desk import NewComment

    return NewComment(author, text)
